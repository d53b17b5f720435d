/** What stands in place of a secret. */
const redacted = '[redacted]';

/** Shortest text that is taken for a secret: a shorter one would be found in words. */
const minLength = 6;

// Keys that say by their form what they are, whoever issued them.
const patterns: readonly RegExp[] = [
  /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}/g,
  /\b(?:ghp|gho|ghs|ghu|github_pat)_[A-Za-z0-9_]{16,}/g,
  /\bAKIA[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/g,
  /(?<=\bBearer\s{1,4})[A-Za-z0-9._~+/-]{12,}=*/g,
];

/** Makes a function that takes secrets out of texts: those given, and keys of well-known forms. */
export function createRedactor(secrets: readonly string[] = []): (text: string) => string {
  const known = [...new Set(secrets)].filter(secret => secret.length >= minLength).toSorted((a, b) => b.length - a.length);
  return text => {
    let clean = text;
    for (const secret of known) clean = clean.replaceAll(secret, redacted);
    for (const pattern of patterns) clean = clean.replace(pattern, redacted);
    return clean;
  };
}
