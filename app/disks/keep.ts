/**
 * Asks the browser, once a visit, not to clear this site's disks when space is short. Some browsers ask the person, so it is
 * asked when there is work worth keeping, and they know of it: an image was imported, a disk was made, or a machine
 * that they typed into has ended.
 */
export function askToKeep(): void {
  if (asked) return;
  asked = true;
  void navigator.storage.persist().catch(() => false);
}

let asked = false;
