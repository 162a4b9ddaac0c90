// Copies the pictures the README shows from those the tests have made.
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

const from = path.join(import.meta.dirname, 'screenshots');
const to = path.join(import.meta.dirname, '..', 'docs', 'screenshots');
const chosen = ['sign-in-workspace-light-360', 'home-dark-1280', 'settings-extension-light-360', 'sign-in-waiting-dark-360'];
const most = 150 * 1024; // bytes of one

mkdirSync(to, { recursive: true });
for (const name of chosen) {
	const file = path.join(from, `${name}.png`);
	if (statSync(file).size >= most) throw new Error(`${name}.png has ${statSync(file).size} bytes; at most ${most}`);
	copyFileSync(file, path.join(to, `${name}.png`));
}
