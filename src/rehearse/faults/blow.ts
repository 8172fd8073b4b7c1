/** What can strike a run at any moment. */
export type Blow = 'kill' | 'drop' | 'reboot';

interface Struck {
  readonly controller: { kill(): void } | undefined;
  /** Breaks the connections to the node, and lets no new one be made for so many milliseconds. */
  readonly cutOff: () => void;
  readonly reboot: () => void;
}

/** Strikes now. */
export function deal(blow: Blow, { controller, cutOff, reboot }: Struck): void {
  switch (blow) {
    case 'kill':
      controller?.kill();
      return;
    case 'drop':
      cutOff();
      return;
    case 'reboot':
      reboot();
  }
}
