// While images follow each other faster than this machine can draw them, they are drawn at half resolution; as soon
// as they rest, they are drawn in full. Machines that keep up never see it.

const SLOW_FRAME_MS = 36; // slower than this is less than 28 pictures a second
const BURST_MS = 250; // two pictures closer than this follow each other
const REST_MS = 160;

export class Pace {
  private last = -Infinity;
  private frameMs = 0;
  private measuring = false;
  private resting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly nextFrame: (run: (time: number) => void) => void = (run) => requestAnimationFrame(run),
  ) {}

  /** Whether the picture that is drawn now should be coarse; ``sharpen`` is called when pictures rest. */
  coarse(sharpen: () => void): boolean {
    const time = this.now();
    const burst = time - this.last < BURST_MS;
    this.last = time;
    this.measure();
    clearTimeout(this.resting);
    const coarse = burst && this.frameMs > SLOW_FRAME_MS;
    if (coarse) this.resting = setTimeout(sharpen, REST_MS);
    return coarse;
  }

  /** How long the browser needs from one frame to the next while it draws; remembered slowly. */
  private measure(): void {
    if (this.measuring) return;
    this.measuring = true;
    const begun = this.now();
    this.nextFrame(() => {
      this.nextFrame(() => {
        const took = (this.now() - begun) / 2;
        this.frameMs = this.frameMs ? 0.6 * this.frameMs + 0.4 * took : took;
        this.measuring = false;
      });
    });
  }
}
