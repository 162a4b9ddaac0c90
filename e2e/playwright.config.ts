import { defineConfig } from '@playwright/test';
import type { Options } from './test.ts';

// Which databases a run is about, as in the Go tests.
const wanted = process.env.VESTIBULE_TEST_DATABASES;
const both = wanted === 'both' || (!wanted && process.env.VESTIBULE_TEST_POSTGRES);
const databases = both ? (['sqlite', 'postgres'] as const) : wanted === 'postgres' ? (['postgres'] as const) : (['sqlite'] as const);

const waiting = { testMatch: /(session|wait)\.spec\.ts$/ };

export default defineConfig<Options>({
	testDir: '.',
	outputDir: './test-results',
	snapshotDir: './screenshots',
	fullyParallel: true,
	forbidOnly: true,
	retries: 0,
	workers: 4,
	timeout: 180_000, // some wait for a minute by their nature, on whatever machine
	expect: { timeout: 20_000 },
	reporter: process.env.VESTIBULE_TEST_EVENTS ? './events.ts' : 'list',
	use: {
		browserName: 'chromium',
		viewport: { width: 1280, height: 800 },
		locale: 'en-GB',
		timezoneId: 'UTC',
		actionTimeout: 30_000,
		navigationTimeout: 45_000,
		launchOptions: {
			executablePath: process.env.VESTIBULE_TEST_BROWSER ?? '/usr/bin/chromium',
			// Tests run as root in containers, and the browser keeps to itself.
			args: [
				'--no-sandbox',
				'--disable-gpu',
				'--disable-quic',
				'--no-first-run',
				'--disable-background-networking',
				'--disable-component-update',
				'--disable-sync',
			],
		},
	},
	// What mostly waits for times to pass is walked beside what keeps a processor
	// busy. A test that is tagged with a database is for that one alone.
	projects: [waiting, { testIgnore: waiting.testMatch }].flatMap((files) =>
		databases.map((database) => ({
			...files,
			name: database,
			workers: both ? 1 : 2,
			use: { database },
			grepInvert: database === 'sqlite' ? /@postgres/ : /@sqlite/,
		})),
	),
});
