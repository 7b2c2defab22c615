// The websocket: frames in by their type, acts out with a number that their answer brings back.

const FIRST_WAIT = 300;
const LONGEST_WAIT = 5000;

export class Wire {
  constructor(person, take) {
    this.person = person;
    this.take = take;
    this.number = 0;
    this.waiting = new Map();
    this.wait = FIRST_WAIT;
    this.open();
  }

  open() {
    const address = new URL("socket", location.href.split("#")[0]);
    address.protocol = "ws:";
    address.search = new URLSearchParams({ person: this.person });
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("message", ({ data }) => {
      const frame = JSON.parse(data);
      this.wait = FIRST_WAIT;
      if (frame.type !== "answer") return this.take(frame);
      this.waiting.get(frame.n)?.(frame);
      this.waiting.delete(frame.n);
    });
    this.socket.addEventListener("close", () => {
      for (const done of this.waiting.values()) done({ error: "The sandbox is gone." });
      this.waiting.clear();
      if (this.ended) return;
      this.take({ type: "lost" });
      setTimeout(() => this.ended || this.open(), this.wait);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    });
  }

  end() {
    this.ended = true;
    this.socket.close();
  }

  act(what, values = {}) {
    const n = ++this.number;
    return this.send(n, JSON.stringify({ do: what, n, ...values }));
  }

  async upload(file) {
    const n = ++this.number;
    const header = new TextEncoder().encode(JSON.stringify({ n, name: file.name, content_type: file.type }));
    const length = new DataView(new ArrayBuffer(4));
    length.setUint32(0, header.length);
    const answer = await this.send(n, await new Blob([length, header, file]).arrayBuffer());
    if (answer.error) throw new Error(answer.error);
    return { upload: answer.upload };
  }

  send(n, data) {
    if (this.socket.readyState !== WebSocket.OPEN) return Promise.resolve({ error: "The sandbox is gone." });
    return new Promise((done) => {
      this.waiting.set(n, done);
      this.socket.send(data);
    });
  }
}
