/** The page of one queue, or of one of its jobs: the links above what it lists lead to that queue. */
const onQueue = (name: string) => `main section:has([class*="stickyHeader-"] a[href*="/queue/${name}"])`;

/**
 * Our changes to Bull Board's looks. They name its classes without their hashes, and its icons by Lucide's names; that
 * they still meet what they mean is tested in a browser (board-browser.test.ts).
 *
 * The first part hides buttons that the server refuses anyway (board-policy.ts): it decides, this is courtesy. Of each
 * menu and row it names what stays, so that a button of a later version is hidden too.
 *
 * Bull Board loads styles of its own after this one, so that a selector of a class alone would lose against them.
 */
export const BOARD_STYLE = `
/* On all jobs at once. */
[class*="queueActions-"],
/* On one job: retry, and promote where that is allowed. */
[class*="jobActions-"] > li:not(:has(.lucide-refresh-cw, .lucide-corner-up-left)),
${onQueue('alerts')} [class*="jobActions-"] > li:has(.lucide-corner-up-left),
/* On a queue: pause and resume, and nothing on maintenance. */
[role="menu"]:has(> [class*="danger-"]) > [role="menuitem"]:not(:has(.lucide-pause, .lucide-play)),
${onQueue('maintenance')} button[aria-haspopup="menu"],
/* On all queues: the order in which they are shown. */
[role="menu"]:has(> [aria-haspopup="menu"]) > :is([role="menuitem"], [role="separator"]):not([aria-haspopup]),
/* On schedulers. */
td[class*="actionsCell-"] { display: none !important; }
/* Out of sight only: without it the card would be lower than its neighbour. */
[class*="queueCard-"]:has([title="maintenance"]) button[aria-haspopup="menu"] { visibility: hidden; }
/* It tells of Telegram's flood wait, and a click would ask to end it. */
[class*="badgeWrap-"] > button { pointer-events: none; }

/* States that none of our jobs is ever shown in. */
[class*="statusTabs-"] > :is([class*="waitingChildren-"], [class*="prioritized-"], [class*="paused-"]),
/* Maintenance has no chart, only the advice to its programmer to collect one. */
${onQueue('maintenance')} [class*="metricsCard-"] { display: none !important; }

/* Bull Board asks for weights that only its own font has. */
[class*="queueTitle-"] > p { opacity: 1; font-weight: 400; }
ul[class*="timeline-"] :is(time, small) { font-weight: 400; }

/* Not to be cut off: a row's title (how its alert stands), the queue's tabs (that there are failed ones), a row's tabs
   (the last is its times). */
@media (max-width: 768px) {
  h5[class*="jobName-"] { white-space: normal; overflow-wrap: anywhere; }
  ul[class*="statusTabs-"] { flex-wrap: wrap; overflow: visible; -webkit-mask-image: none; mask-image: none; }
  div[class*="tabActions-"] { flex-wrap: wrap; -webkit-mask-image: none; mask-image: none; }
  /* The numbers stay; the curve would fill the first screen. */
  [class*="metricsCard-"] [class*="chart-"] { display: none; }
}
`;
