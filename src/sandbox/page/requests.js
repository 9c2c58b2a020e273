/** What the page asks the sandbox for. @param toast tells the person what went wrong */
export function createRequests(toast) {
  async function get(path) {
    const response = await fetch(path, { headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
  }

  async function post(path, body) {
    return (await ask(path, body)) !== undefined;
  }

  /** The answer, or undefined where that was refused; then the person has been told. */
  async function ask(path, body) {
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

  return { get, ask, post };
}
