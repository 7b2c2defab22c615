// BullMQ in a process of its own, told by lines of JSON: [move, calls, clients] or ["fill", sample, depth].
// Answers with a line: {taken: seconds of each call, elapsed: seconds of all}.
const { createRequire } = require("module")
const readline = require("readline")
const [folder, socket] = process.argv.slice(2)
const packages = createRequire(folder + "/")
const { Queue, Worker, Job } = packages("bullmq")
const { Redis } = packages("ioredis")

// BullMQ's lowest number goes first: paid tiers are 1 to 5, and Free songs are behind them by their points.
const LAST = 2097151
const connection = new Redis(socket, { maxRetriesPerRequest: null })
const queue = new Queue("bench", { connection })
// As told: it takes a job only when asked to.
const worker = new Worker("bench", null, { connection, autorun: false })
const free = []
let fresh = 10 ** 7, lifted = 0, earned = 0, playing = 0

const any = () => Math.floor(Math.random() * free.length)
const job = (id) => new Job(queue, "song", {}, {}, id)

function take() {
  const place = any(), id = free[place]
  free[place] = free[free.length - 1]
  free.pop()
  return id
}

const MOVES = {
  submit: async () => {
    const index = fresh++
    const added = await queue.add("song", song(index), { priority: LAST - 10 })
    free.push(added.id)
  },
  promote: () => job(take()).changePriority({ priority: 1 + (lifted++ % 5) }),
  next: async () => {
    const got = await worker.getNextJob(`reviewer${playing++}`, { block: false })
    if (!got) throw new Error("no job")
  },
  points: () => job(free[any()]).changePriority({ priority: LAST - 10 - (earned++ % 100000) }),
  "first page": () => queue.getJobs(["prioritized"], 0, 9, true),
}

function song(number) {
  return {
    title: `Song ${number}`, artist: `Artist ${number}`, user: String(10n ** 17n + BigInt(number)),
    user_name: `user${number}`, link: `https://soundcloud.com/user${number}/song-${number}`,
    track: `soundcloud:user${number}/song-${number}`,
  }
}

async function measure(move, calls, clients) {
  const taken = []
  let left = calls
  const began = process.hrtime.bigint()
  const client = async () => {
    while (left > 0) {
      left -= 1
      const started = process.hrtime.bigint()
      await MOVES[move]()
      taken.push(Number(process.hrtime.bigint() - started) / 1e9)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return { taken, elapsed: Number(process.hrtime.bigint() - began) / 1e9 }
}

// Adds the first `sample` songs, as BullMQ adds many, and knows the others of `depth` as added.
async function fill(sample, depth) {
  const jobs = []
  for (let number = 1; number <= sample; number++) {
    jobs.push({ name: "song", data: song(number), opts: { priority: priority(number) } })
  }
  await queue.addBulk(jobs)
  for (let number = 2; number <= depth; number += 2) free.push(String(number))
  return {}
}

function priority(number) {
  return number % 2 === 1 ? 1 + (number >> 1) % 5 : LAST - 11 - ((number * 7919) % 100003)
}

async function main() {
  await worker.waitUntilReady()
  console.log("{}")
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [what, ...rest] = JSON.parse(line)
    console.log(JSON.stringify(what === "fill" ? await fill(...rest) : await measure(what, ...rest)))
  }
  process.exit(0)
}

main()
