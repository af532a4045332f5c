// Makes the accounts and what each may do, and goes on as the first of them. Run from within `mongos`, again whenever you like.
const fs = require("fs");
const secret = (name) => fs.readFileSync(`/run/secrets/${name}`, "utf8");
const admin = db.getSiblingDB("admin");
const root = { user: "root", pwd: secret("mongodb_root_password") };
try {
  admin.runCommand({ createUser: root.user, pwd: root.pwd, roles: ["root"] });
} catch (error) {
  // Whoever is on the same machine may make the first user, and nobody another.
  if (!["Unauthorized", "Location51003"].includes(error.codeName)) throw error;
}
admin.auth(root.user, root.pwd);

const reads = { role: "readWrite", db: "murmur" };
// Readiness and `murmur engines check` ask which collections are sharded, and by what.
const sees = { resource: { db: "config", collection: "collections" }, actions: ["find"] };
const shards = { resource: { db: "murmur", collection: "" }, actions: ["enableSharding"] };
const accounts = [
  { name: "murmur", password: secret("mongodb_password"), privileges: [sees] },
  { name: "murmur-operator", password: secret("mongodb_operator_password"), privileges: [sees, shards] },
];
for (const { name, password, privileges } of accounts) {
  const role = admin.runCommand({ rolesInfo: name }).roles.length ? "updateRole" : "createRole";
  admin.runCommand({ [role]: name, privileges, roles: [reads] });
  const user = admin.runCommand({ usersInfo: name }).users.length ? "updateUser" : "createUser";
  admin.runCommand({ [user]: name, pwd: password, roles: [name] });
}
print(`the accounts are ${accounts.map(({ name }) => name).join(", ")}`);
