// Runs scripts of MongoDB's shell without one: each command goes out as a line of JSON, and its answer comes in as another.
const fs = require("fs");
const vm = require("vm");

const [secrets, ...scripts] = process.argv.slice(2);

function ask(question) {
  fs.writeSync(1, `${JSON.stringify(question)}\n`);
  const line = [];
  for (const byte = Buffer.alloc(1); fs.readSync(0, byte, 0, 1) && byte[0] !== 10; ) line.push(byte[0]);
  const answer = JSON.parse(Buffer.from(line).toString());
  if (answer.codeName) throw Object.assign(new Error(answer.errmsg), { codeName: answer.codeName });
  return answer;
}

const database = (name) => ({
  runCommand: (command) => ask({ name, command }),
  auth: (user, password) => ask({ user, password }),
});
const files = { readFileSync: (path, encoding) => fs.readFileSync(path.replace("/run/secrets", secrets), encoding) };
const shell = vm.createContext({ db: { getSiblingDB: database }, process, print: () => {}, require: () => files });
for (const script of scripts) vm.runInContext(fs.readFileSync(script, "utf8"), shell, { filename: script });
