// Joins the members of a replica set, once. MEMBERS is "host:port,host:port,…", SET its name; run from within the first member.
const set = process.env.SET;
const members = process.env.MEMBERS.split(",").map((host, _id) => ({ _id, host }));
try {
  rs.initiate({ _id: set, members, ...(set === "config" ? { configsvr: true } : {}) });
} catch (error) {
  if (error.codeName !== "AlreadyInitialized" && error.codeName !== "Unauthorized") throw error;
}
// A minute for the first election.
for (let tries = 0; !db.hello().primary; tries++) {
  if (tries === 120) throw new Error(`${set} elects no primary`);
  sleep(500);
}
print(`${set} has a primary: ${db.hello().primary}`);
