import { expect, test } from "vitest";
import { type Frame, newFrameReader } from "./frames";

const read = (...pieces: string[]) => {
  const frames: Frame[] = [];
  pieces.forEach(newFrameReader((frame) => frames.push(frame)));
  return frames;
};

test("a frame has a name, data and an id, in whatever order they come", () => {
  const frame = { id: "7", name: "values", data: '{"a":1}' };
  expect(read('event: values\ndata: {"a":1}\nid: 7\n\n')).toEqual([frame]);
  expect(read('id: 7\r\nevent: values\r\ndata: {"a":1}\r\n\r\n')).toEqual([frame]);
});

test("frames are read wherever the text was cut", () => {
  const text = "event: a\ndata: one\n\nevent: b\ndata: two\ndata: three\n\n";
  expect(read(...text)).toEqual([
    { id: "", name: "a", data: "one" },
    { id: "", name: "b", data: "two\nthree" },
  ]);
});

test("a comment is no frame, and what is not over is none yet", () => {
  expect(read(": heartbeat\n\nevent: a\ndata: one\n")).toEqual([]);
});
