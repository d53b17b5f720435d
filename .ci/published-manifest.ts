type Conditions = { readonly [condition: string]: string };

interface Manifest {
  readonly files: readonly string[];
  readonly dependencies: { readonly [name: string]: string };
  readonly exports: { readonly [path: string]: Conditions };
  readonly [key: string]: unknown;
}

/** What only the checkout needs: its Node.js, its tools, its commands. */
const checkoutOnly = ['optionalDependencies', 'devDependencies', 'overrides', 'scripts', 'allowScripts'];

/** npm asks the registry about optional peers, too, and for minutes where there is no network: a file to install without one leaves them out. */
const optionalPeers = ['peerDependencies', 'peerDependenciesMeta'];

/**
 * The manifest as published: without what belongs to the checkout, and without the way to its sources.
 *
 * @param bundled packages that are inside the packed file
 */
export function publishedManifest(manifest: Manifest, bundled: readonly string[] = []): Manifest {
  const kept = Object.entries(manifest).filter(([key]) => ![...checkoutOnly, ...(bundled.length > 0 ? optionalPeers : [])].includes(key));
  const exported = Object.entries(manifest.exports).map(([path, conditions]) => [
    path,
    Object.fromEntries(Object.entries(conditions).filter(([condition]) => condition !== 'flowstone-source')),
  ]);
  return {
    ...(Object.fromEntries(kept) as Manifest),
    exports: Object.fromEntries(exported) as Manifest['exports'],
    ...(bundled.length > 0 && { bundleDependencies: bundled }),
  };
}
