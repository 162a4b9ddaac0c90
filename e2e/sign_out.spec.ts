import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { ask, cookie, expect, press, signIn, test } from './test.ts';

// Chromium keeps whole pages for Back, which Playwright else turns off.
test.use({
	launchOptions: async ({ launchOptions }, use) => use({ ...launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache'] }),
});

// stays expects a page that has come to rest: its module has run, and has led
// nowhere else.
async function stays(page: Page, address: string) {
	await expect(page).toHaveURL((url) => url.pathname + url.search === address);
	await page.waitForLoadState('networkidle');
	await expect(page.getByRole('button', { name: 'Sign In', exact: true })).toBeVisible();
	expect(page.url()).toMatch(new RegExp(address.replace(/[?]/g, '\\?') + '$'));
}

// Proves: W13, 3.3
test.describe('After signing out on a shared computer', () => {
	test('Back shows no page', async ({ page }) => {
		await signIn(page, 'acme-corp');
		await page.goto('/phone');
		await page.goto('/home');
		await press(page, 'Sign Out');
		await expect(page).toHaveURL(/\/t\/acme-corp\/login$/);

		// Nothing of the person is seen at any moment, however often they go back.
		for (let i = 0; i < 3; i++) {
			await page.goBack({ waitUntil: 'commit' });
			await expect(page.getByRole('button', { name: 'Sign In', exact: true })).toBeVisible();
			if (i < 2) await expect(page, 'Back leads to the tenant’s own door').toHaveURL(/\/t\/acme-corp\/login(\?return_to=%2Fphone)?$/);
			await expect(page.locator('body')).not.toContainText('Sue Support');
		}
		await page.goForward({ waitUntil: 'commit' });
		await expect(page.getByRole('button', { name: 'Sign In', exact: true })).toBeVisible();
	});

	test('nor one that Chromium kept whole', async ({ page, house }) => {
		await page.addInitScript(() => addEventListener('pageshow', (e) => (document.documentElement.title = e.persisted ? `kept, ${document.documentElement.hidden ? 'hidden' : 'seen'}` : 'fetched')));
		await signIn(page, 'acme-corp');
		await expect(async () => {
			await page.goto('about:blank');
			await page.goBack({ waitUntil: 'commit' });
			await expect(page.locator('html'), 'Back brings the page itself').toHaveAttribute('title', /kept/, { timeout: 2000 });
		}).toPass();
		// It shows nothing before the server has said that it may.
		await expect(page.locator('html')).toHaveAttribute('title', 'kept, hidden');
		await expect(page.getByRole('main')).toBeVisible();
		await expect(page.getByRole('main')).toContainText('Welcome, Sue Support');

		// The session ends where this browser does not hear of it.
		await page.goto('about:blank');
		await house.cli('user', 'deactivate', '--tenant', 'acme-corp', 'support@acme-corp.test');
		await page.goBack({ waitUntil: 'commit' });
		await expect(page).toHaveURL(/\/t\/acme-corp\/login(\?return_to=%2Fhome)?$/, { timeout: 20_000 });
	});

	test('Back from a page that is not theirs leads to it no more', async ({ page }) => {
		// Somebody asks for a page, mistypes the tenant's address, and goes back.
		for (const [address, title] of [['/t/acme-crop/login', 'Problem'], ['/t/kontak/login', 'Kontak']]) {
			await page.goto('/login?return_to=%2Fphone');
			await page.goto(address);
			await expect(page).toHaveTitle(new RegExp(title));
			await page.goBack({ waitUntil: 'commit' });
			await stays(page, '/login?return_to=%2Fphone');
		}
		// So it is for somebody who was signed in, whose own page leads on.
		await signIn(page, 'acme-corp');
		await page.goto('/settings');
		await page.goto('/phone');
		await page.goto('/home');
		await press(page, 'Sign Out');
		await expect(page).toHaveURL(/\/t\/acme-corp\/login$/);
		await page.goto('/t/acme-crop/login');
		await page.evaluate(() => history.go(-3));
		await stays(page, '/t/acme-corp/login?return_to=%2Fphone');
		await page.goBack({ waitUntil: 'commit' });
		await stays(page, '/t/acme-corp/login?return_to=%2Fsettings');
	});

	test('nor in a tab that stood still', async ({ page, context }) => {
		await signIn(page, 'acme-corp');
		const other = await context.newPage();
		await other.goto('/home');
		await other.goto('/t/kontak/login'); // another page, with /home behind it
		await press(page, 'Sign Out');
		await other.goBack({ waitUntil: 'commit' });
		await expect(other.getByRole('button', { name: 'Sign In', exact: true })).toBeVisible();
		await expect(other.locator('body')).not.toContainText('Sue Support');
	});
});

// Proves: W13, 3.3
test.describe('Without JavaScript', () => {
	test.use({ javaScriptEnabled: false });

	test('Back shows no page either', async ({ page }) => {
		await signIn(page, 'acme-corp');
		await page.goto('/phone');
		await page.goto('/logout');
		await page.getByRole('main').getByRole('button', { name: 'Sign Out' }).click();
		await expect(page).toHaveURL(/\/t\/acme-corp\/login$/);
		for (let i = 0; i < 3; i++) {
			await page.goBack({ waitUntil: 'commit' });
			await expect(page.locator('body')).not.toContainText('Sue Support');
		}
	});
});

// Proves: W13, 3.3
test('Cookies are gone, what stays names nobody, and the tokens are refused at once', async ({ page, context, house }) => {
	await signIn(page, 'acme-corp');
	await press(page, 'Theme: system');
	await expect.poll(() => cookie(context, '__Host-theme')).toBe('light');
	const session = await cookie(context, '__Host-session');
	const access = await cookie(context, '__Host-access');
	const carried = { Cookie: `__Host-session=${session}; __Host-access=${access}` };
	expect((await ask(house, '/home', carried)).status).toBe(200);
	expect((await ask(house, '/api/v1/sessions/current', { Authorization: `Bearer ${access}` })).status).toBe(200);

	const answered = page.waitForResponse((r) => r.request().method() === 'POST' && r.url().endsWith('/logout'));
	await press(page, 'Sign Out');
	const headers = await (await answered).allHeaders();
	expect(headers['clear-site-data']).toContain('"cache"');
	expect(headers['cache-control']).toContain('no-store');
	await expect(page).toHaveURL(/\/t\/acme-corp\/login$/);

	const left = await context.cookies();
	expect(left.map((c) => c.name).sort()).toEqual(['__Host-browser', '__Host-theme']);
	expect(JSON.stringify(left)).not.toMatch(/support|acme|usr_|ten_/i);
	for (const headers of [carried, { Cookie: `__Host-session=${session}` }, { Cookie: `__Host-access=${access}` }]) {
		const answer = await ask(house, '/home', headers);
		expect([answer.status, answer.headers.get('location')?.split('?')[0]]).toEqual([303, expect.stringMatching(/\/login$/)]);
	}
	expect((await ask(house, '/api/v1/sessions/current', { Authorization: `Bearer ${access}` })).status).toBe(401);
});

// Proves: W13, 3.3
test.describe('On the disk of a shared computer', () => {
	test('no page, no token and no name is left', { tag: '@sqlite' }, async ({ house, playwright, launchOptions }) => {
		const profile = await mkdtemp(path.join(tmpdir(), 'vestibule-e2e-'));
		const context = await playwright.chromium.launchPersistentContext(profile, { ...launchOptions, baseURL: house.origin });
		const page = context.pages()[0];
		await signIn(page, 'acme-corp');
		await page.goto('/settings');
		await page.goto('/home');
		const secrets = [await cookie(context, '__Host-session'), await cookie(context, '__Host-access')];
		await press(page, 'Sign Out');
		await expect(page).toHaveURL(/\/t\/acme-corp\/login$/);
		await context.close();

		const found: string[] = [];
		let searched = 0;
		for (const file of await readdir(profile, { recursive: true, withFileTypes: true })) {
			if (!file.isFile()) continue;
			const text = await readFile(path.join(file.parentPath, file.name), 'latin1');
			searched++;
			for (const what of ['Sue Support', 'Welcome, ', ...secrets]) {
				const wide = [...what].join('\0'); // as UTF-16
				if (text.includes(what) || text.includes(wide)) found.push(`${file.name}: ${what}`);
			}
		}
		await rm(profile, { recursive: true, force: true });
		expect(searched).toBeGreaterThan(10);
		expect(found).toEqual([]);
	});
});
