const STYLE = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--text:#1b2430;--soft:#5b6878;--line:#dfe4ea;--accent:#2379c4;--accent-text:#fff;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--bg:#12171e;--card:#1a212b;--text:#e7ecf2;--soft:#9aa7b6;--line:#2c3744;--accent:#5aa9ec;--accent-text:#0c141d;--bad:#ff9a92}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.55 system-ui,sans-serif;display:flex;justify-content:center;padding:clamp(1rem,6vh,4rem) 1rem}
main{width:100%;max-width:44rem}
main.narrow{max-width:23rem}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .4rem}
h2{font-size:1.05rem;margin:2rem 0 .6rem}
p{margin:.4rem 0}
.soft{color:var(--soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.1rem 1.25rem;margin:.75rem 0}
a{color:var(--accent)}
ol,ul{padding-left:1.25rem;margin:.4rem 0}
li{margin:.3rem 0}
code,pre{font-family:ui-monospace,monospace;font-size:.88em}
pre{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1rem 1.25rem;overflow-x:auto;margin:.6rem 0}
.links{display:grid;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr));gap:.75rem;padding:0;list-style:none}
.links a{display:block;height:100%;text-decoration:none;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:12px;padding:.8rem 1rem}
.links a:hover,.links a:focus-visible{border-color:var(--accent)}
.links b{color:var(--accent);display:block}
label{display:block;margin:.8rem 0 .25rem;font-weight:600;font-size:.92rem}
input{width:100%;font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:8px;padding:.55rem .7rem}
input:focus-visible,button:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
button{margin-top:1.1rem;width:100%;font:inherit;font-weight:600;color:var(--accent-text);background:var(--accent);border:0;border-radius:8px;padding:.6rem;cursor:pointer}
.command{position:relative}
.command pre{padding-right:5.5rem}
@media(max-width:40rem){.command pre{padding:2.9rem 1.25rem 1rem}}
.copy{position:absolute;top:.55rem;right:.55rem;width:auto;margin:0;padding:.2rem .7rem;font-size:.85rem}
.bad{color:var(--bad);font-weight:600}
`;

/** `body` is HTML; the title is text. */
export function renderPage(title: string, body: string, width: 'wide' | 'narrow'): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body><main class="${width}">
${body}
</main></body>
</html>
`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
