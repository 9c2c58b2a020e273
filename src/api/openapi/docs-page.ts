import { escapeHtml } from '../../http/page-layout.ts';

/** swagger-ui's own colours, but where they are too pale to be read. */
const STYLE = `
:root{color-scheme:light dark}
body{margin:0;overflow-x:hidden}
.swagger-ui .topbar,.swagger-ui .response-col_links{display:none}
.swagger-ui .microlight span[style*="211, 99, 99"]{color:#f5a3a3!important}
.dark-mode .swagger-ui .examples-select__section-label,.dark-mode .swagger-ui .header-col{color:#d5dbe3}
@media(prefers-color-scheme:light){
.swagger-ui .info .title small{background:#5b6270}
.swagger-ui .info .title small.version-stamp{background:#4a6d00}
.swagger-ui .info a,.swagger-ui a.link{color:#1f66b8}
.swagger-ui .btn.authorize,.swagger-ui .btn.authorize span{color:#12754a}
.swagger-ui .opblock.opblock-post .opblock-summary-method{background:#12754a}
.swagger-ui .opblock.opblock-put .opblock-summary-method{background:#96560a}
.swagger-ui .opblock.opblock-get .opblock-summary-method{background:#1f66b8}
.swagger-ui .opblock.opblock-delete .opblock-summary-method{background:#c22525}
.swagger-ui .parameter__in{color:#5a5f66}
}
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
<body><div id="docs" data-document="${base}/openapi.json"></div>
<script src="${base}/docs/swagger-ui-bundle.js"></script>
<script src="${base}/docs/docs.js"></script>
</body>
</html>
`;
}
