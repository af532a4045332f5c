// Adds the shards, once each. Run after `mongodb-accounts.js`, as the account that it goes on as.
const cluster = db.getSiblingDB("admin");
const wanted = process.env.SHARDS.split(";");
for (const addShard of wanted) cluster.runCommand({ addShard });
const count = cluster.runCommand({ listShards: 1 }).shards.length;
if (count < wanted.length) throw new Error(`${count} shards are there`);
print(`${count} shards`);
