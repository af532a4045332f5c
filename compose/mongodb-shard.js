// Makes the first user, by whom everything else is done, and adds the shards, once each. Run from within `mongos`.
const fs = require("fs");
const password = fs.readFileSync("/run/secrets/mongodb_password", "utf8");
const admin = db.getSiblingDB("admin");
try {
  admin.createUser({ user: "murmur", pwd: password, roles: ["root"] });
} catch (error) {
  // Whoever is on the same machine may make the first user, and nobody another.
  if (!["Unauthorized", "Location51003"].includes(error.codeName)) throw error;
}
admin.auth("murmur", password);
for (const shard of process.env.SHARDS.split(";")) admin.runCommand({ addShard: shard });
const count = admin.runCommand({ listShards: 1 }).shards.length;
if (count < process.env.SHARDS.split(";").length) throw new Error(`${count} shards are there`);
print(`${count} shards`);
