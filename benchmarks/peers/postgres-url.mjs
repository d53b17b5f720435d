import { Client } from 'pg';

/**
 * A new database on the server the harness started, with the durability asked for: `process` is
 * `synchronous_commit = off` (survives the client's death, not a power cut), `power` is PostgreSQL's default.
 */
export async function createDatabase(durability) {
  const server = process.env.BENCH_POSTGRES;
  if (!server) throw Object.assign(new Error('no PostgreSQL on this machine (initdb and pg_ctl not found)'), { name: 'Skipped' });
  const name = `bench_${process.pid}`;
  const client = new Client({ connectionString: server });
  await client.connect();
  await client.query(`create database ${name}`);
  if (durability === 'process') await client.query(`alter database ${name} set synchronous_commit = off`);
  await client.end();
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** Bytes of all tables and indexes of a database. */
export async function readSize(url) {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('select pg_database_size(current_database()) as size');
  await client.end();
  return Number(rows[0].size);
}
