/** A channel's color, in both schemes; one that is not known gets one of its name. */
export function colorOf(channel: string): string {
  const hue = hues[channel] ?? [...channel].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 360;
  return `light-dark(hsl(${hue} 70% 28%), hsl(${hue} 65% 74%))`;
}

const hues: Record<string, number> = {
  messages: 150,
  values: 230,
  updates: 265,
  lifecycle: 30,
  checkpoints: 190,
  tools: 45,
  tasks: 320,
  input: 60,
  custom: 290,
  metadata: 210,
  error: 0,
};
