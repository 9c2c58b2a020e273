import { escapeHtml } from '../../http/page-layout.ts';

/** swagger-ui has no dark mode of its own: its colours are turned round. */
const STYLE = `
:root{color-scheme:light dark}
body{margin:0;overflow-x:hidden}
.swagger-ui .topbar{display:none}
@media(prefers-color-scheme:dark){body{background:#12171e}#docs{filter:invert(.9) hue-rotate(180deg)}}
`;

/** @param prefix the path below which the service is reached */
export function renderDocs(prefix: string): string {
  const base = escapeHtml(prefix);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Pingui Alert: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${base}/docs/swagger-ui.css">
<style>${STYLE}</style>
</head>
<body><main id="docs" data-document="${base}/openapi.json"></main>
<script src="${base}/docs/swagger-ui-bundle.js"></script>
<script src="${base}/docs/docs.js"></script>
</body>
</html>
`;
}
