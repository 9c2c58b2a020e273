/** Commands to paste into a shell. Nothing that people typed is in them, so nothing needs quoting. */
export function createIntegrationCurl(publicUrl: string, setupToken: string): string {
  return [
    `curl -X POST ${publicUrl}/api/createIntegration \\`,
    `  -H 'Authorization: Bearer ${setupToken}' \\`,
    `  -H 'Content-Type: application/json' -d '{}'`,
  ].join('\n');
}

/** On one line, because it goes into JSON: ready to paste once that is read. */
export function firstAlertCurl(publicUrl: string, token: string): string {
  return `curl -X POST ${publicUrl}/api/alert -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '{"message":"It works"}'`;
}

export function sendAlertCurl(
  publicUrl: string,
  alert: { readonly title: string; readonly message: string },
): string {
  return [
    `curl -X POST ${publicUrl}/api/alert \\`,
    `  -H "Authorization: Bearer $TOKEN" \\`,
    `  -H 'Content-Type: application/json' -d '${JSON.stringify(alert)}'`,
  ].join('\n');
}
