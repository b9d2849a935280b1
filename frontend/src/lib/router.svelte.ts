// Pages by the fragment of the address, so that static files suffice and a page can be linked to.

function parts(): string[] {
  return location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
}

class Route {
  path = $state<string[]>(parts());

  constructor() {
    addEventListener("hashchange", () => (this.path = parts()));
  }

  go(...path: string[]): void {
    location.hash = `/${path.map(encodeURIComponent).join("/")}`;
  }
}

export const route = new Route();
