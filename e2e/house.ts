// A house is the real program, serving on a free port, with a database of its
// own: a SQLite file or a schema of the PostgreSQL at VESTIBULE_TEST_POSTGRES.
//
// Its tenants, one of each style, and their people are in people/; everybody's
// password is `password`.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = import.meta.dirname;

export type Database = 'sqlite' | 'postgres';

export const password = 'sunny harbour 42';

export const tenants = {
	'acme-corp': { name: 'Acme Corporation', style: 'workspace' },
	wickedsprockets: { name: 'Wicked Sprockets', style: 'extension' },
	kontak: { name: 'Kontak', style: 'email' },
} as const;

export type Slug = keyof typeof tenants;

export class House {
	origin = ''; // http://localhost:12345, which is also the public address
	log = '';
	private server?: Server;

	private constructor(
		private folder: string,
		private environment: NodeJS.ProcessEnv,
		private schema: string,
	) {}

	// open makes the database with its tenants and serves it under the flags.
	static async open(database: Database, flags: string[]): Promise<House> {
		const folder = await mkdtemp(path.join(tmpdir(), 'vestibule-e2e-'));
		const environment: NodeJS.ProcessEnv = {
			PATH: process.env.PATH,
			HOME: process.env.HOME,
			VESTIBULE_DATABASE: `sqlite:${path.join(folder, 'vestibule.db')}`,
			VESTIBULE_SEALING_KEY: randomBytes(32).toString('base64'),
		};
		let schema = '';
		if (database === 'postgres') {
			schema = `e2e_${randomBytes(8).toString('hex')}`;
			await sql(`CREATE SCHEMA ${schema}`);
			const address = new URL(postgres());
			address.searchParams.set('search_path', schema);
			environment.VESTIBULE_DATABASE = address.href;
		}
		const house = new House(folder, environment, schema);
		try {
			for (const [slug, { name, style }] of Object.entries(tenants)) {
				await house.cli('tenant', 'create', slug, '--name', name, '--style', style);
				await house.cli('user', 'import', '--tenant', slug, path.join(here, 'people', `${slug}.csv`));
			}
			await house.serve(flags);
		} catch (e) {
			await house.close();
			throw e;
		}
		return house;
	}

	// cli runs a command on the house's database, also while it is served, and
	// returns its standard output.
	async cli(...args: string[]): Promise<string> {
		const { stdout } = await run(binary(), args, { env: this.environment });
		return stdout.trim();
	}

	// tell runs a command that reads a password from its standard input.
	async tell(secret: string, ...args: string[]): Promise<string> {
		const command = run(binary(), args, { env: this.environment });
		command.child.stdin?.end(secret + '\n');
		return (await command).stdout.trim();
	}

	// serve starts the server and waits until it says where it is; after stop
	// it serves the same database again, under the same address.
	async serve(flags: string[]): Promise<void> {
		const listen = `127.0.0.1:${this.origin ? new URL(this.origin).port : '0'}`;
		this.server = new Server(['serve', '--listen', listen, ...flags], this.environment, (line) => (this.log += line + '\n'));
		this.origin = await this.server.origin();
	}

	async stop(): Promise<void> {
		await this.server?.stop();
	}

	async close(): Promise<void> {
		await this.stop();
		if (this.schema) await sql(`DROP SCHEMA ${this.schema} CASCADE`);
		await rm(this.folder, { recursive: true, force: true });
	}
}

// A Server is the program while it serves.
export class Server {
	private process: ChildProcess;
	private log = '';
	private served: Promise<string>;

	constructor(args: string[], environment: NodeJS.ProcessEnv, heard: (line: string) => void = () => {}) {
		this.process = spawn(binary(), [...args, '--ops-listen', ''], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
		this.served = new Promise((resolve, reject) => {
			createInterface(this.process.stderr!).on('line', (line) => {
				heard(line);
				this.log += line + '\n';
				const at = /"msg":"serving".*"public_url":"([^"]+)"/.exec(line);
				if (at) resolve(at[1]);
			});
			this.process.on('error', reject);
			this.process.on('exit', (code) => reject(new Error(`vestibule ${args[0]} ended with ${code}:\n${this.log}`)));
		});
		this.served.catch(() => {}); // whoever waits for it hears of it
	}

	// origin is the public address, as soon as it is served.
	origin(): Promise<string> {
		return this.served;
	}

	async stop(): Promise<void> {
		if (this.process.exitCode !== null || this.process.signalCode !== null) return;
		const ended = new Promise((resolve) => this.process.once('exit', resolve));
		this.process.kill('SIGTERM');
		const impatience = setTimeout(() => this.process.kill('SIGKILL'), 10_000);
		await ended;
		clearTimeout(impatience);
	}
}

function binary(): string {
	return process.env.VESTIBULE_BINARY ?? path.join(here, '..', 'bin', 'vestibule');
}

function postgres(): string {
	const address = process.env.VESTIBULE_TEST_POSTGRES;
	if (!address) throw new Error('VESTIBULE_TEST_POSTGRES is not set; “make postgres” says to what');
	return address;
}

// sql runs a statement on PostgreSQL itself, past the program.
async function sql(statement: string): Promise<void> {
	await run('psql', ['--quiet', '--no-psqlrc', '--dbname', postgres(), '--command', `SET client_min_messages = warning; ${statement}`]);
}
