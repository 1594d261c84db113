import type { Support } from '../support.ts';

/** The whole page where the machine cannot run: says what is missing, and what to do. */
export function Unsupported({ support }: { readonly support: readonly Support[] }) {
  const missing = support.filter((feature) => !feature.present);
  return (
    <main className="unsupported">
      <h1>tabhyve</h1>
      <p role="status">This browser cannot run the machine here. What is missing:</p>
      <ul>
        {missing.map((feature) => (
          <li key={feature.name}>
            <strong>{feature.name}.</strong> The machine needs it for {feature.purpose}. {feature.remedy}
          </li>
        ))}
      </ul>
      <p>Mend the first one first: the others may follow from it.</p>
      <button type="button" className="button button-primary" onClick={() => location.reload()}>
        Reload the page
      </button>
    </main>
  );
}
