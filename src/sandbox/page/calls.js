/** The page's calls, and what it says of those that fail. */
let toastTimer;

/** Says something in passing. */
export function toast(text) {
  const box = document.getElementById('toast');
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    box.hidden = true;
  }, 4000);
}

export async function get(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** False: it was refused, and the person has been told. */
export async function post(path, body) {
  return (await ask(path, body)) !== undefined;
}

/** The answer, or undefined where that was refused; then the person has been told. */
export async function ask(path, body) {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (response.ok) return answer;
    toast(answer.error ?? 'The sandbox refused that');
  } catch {
    toast('The sandbox is not responding. Is the service still running?');
  }
  return undefined;
}
