import type { Support } from './support.ts';

interface Props {
  readonly support: readonly Support[];
}

/** The page while there is no machine: says whether this browser could run one, and what to do if not. */
export function App({ support }: Props): React.JSX.Element {
  const missing = support.filter((feature) => !feature.present);
  return (
    <main>
      <h1>tabhyve</h1>
      <p role="status">
        {missing.length === 0
          ? 'This browser can run the machine. There is no machine yet.'
          : 'This browser cannot run the machine, because of what is missing:'}
      </p>
      <ul>
        {missing.map((feature) => (
          <li key={feature.name}>
            {feature.name}. {feature.remedy}
          </li>
        ))}
      </ul>
    </main>
  );
}
