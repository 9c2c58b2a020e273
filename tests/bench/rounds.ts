/**
 * Measures several subjects in turn, round by round, so that a noisy minute of the machine hits all alike. Every other
 * round goes backwards, so that none is always the one after another. Returns the figures per subject, round by round.
 */
export async function inRounds<S, F>(
  subjects: readonly S[],
  rounds: number,
  measure: (subject: S) => Promise<F>,
): Promise<F[][]> {
  const figures = subjects.map((): F[] => []);
  for (let round = 0; round < rounds; round += 1) {
    const order = [...subjects.entries()];
    if (round % 2 === 1) order.reverse();
    for (const [index, subject] of order) figures[index]?.push(await measure(subject));
  }
  return figures;
}
