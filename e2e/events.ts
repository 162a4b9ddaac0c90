// A reporter that writes what `go test -json` writes, so that the browser's
// tests are counted and proven by the same tools as all others. A spec file is
// a package; the path of a test is its titles, with the database at the end.
import type { FullConfig, Reporter, Suite, TestCase, TestResult } from '@playwright/test/reporter';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const module = /^module (\S+)/m.exec(readFileSync(path.join(import.meta.dirname, '..', 'go.mod'), 'utf8'))![1];

export default class Events implements Reporter {
	private left = new Map<string, { tests: number; began: number; failed: boolean }>();

	printsToStdio() {
		return true;
	}

	onBegin(_: FullConfig, suite: Suite) {
		for (const test of suite.allTests()) {
			const file = this.left.get(packageOf(test)) ?? { tests: 0, began: Date.now(), failed: false };
			file.tests++;
			this.left.set(packageOf(test), file);
		}
	}

	onTestBegin(test: TestCase) {
		write({ Action: 'run', Package: packageOf(test), Test: nameOf(test) });
	}

	onTestEnd(test: TestCase, result: TestResult) {
		const Package = packageOf(test);
		const Test = nameOf(test);
		const Action = result.status === 'skipped' ? 'skip' : result.status === 'passed' ? 'pass' : 'fail';
		if (Action === 'fail') {
			const lines = [`--- FAIL: ${Test}`, ...result.errors.map((e) => e.stack ?? e.message ?? e.value ?? '')];
			for (const a of result.attachments) if (a.name === 'server.log' && a.body) lines.push(...a.body.toString().split('\n').slice(-30));
			write({ Action: 'output', Package, Test, Output: lines.join('\n').replaceAll(/\x1b\[[0-9;]*m/g, '') + '\n' });
		}
		write({ Action, Package, Test, Elapsed: result.duration / 1000 });
		const file = this.left.get(Package)!;
		file.failed ||= Action !== 'pass';
		if (--file.tests === 0) {
			const Elapsed = (Date.now() - file.began) / 1000;
			write({ Action: file.failed ? 'fail' : 'pass', Package, Elapsed });
		}
	}

	onError(error: { stack?: string; message?: string }) {
		write({ Action: 'output', Output: (error.stack ?? error.message ?? '') + '\n' });
	}
}

function packageOf(test: TestCase): string {
	return `${module}/e2e/${test.titlePath()[2]}`;
}

// nameOf drops what Playwright puts in front: the root, the project, the file.
function nameOf(test: TestCase): string {
	const [, project, , ...titles] = test.titlePath();
	return [...titles.map((t) => t.replaceAll('/', '∕')), project].join('/');
}

function write(event: object) {
	process.stdout.write(JSON.stringify({ Time: new Date().toISOString(), ...event }) + '\n');
}
