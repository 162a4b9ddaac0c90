import type { BrowserContext, Page } from '@playwright/test';
import { ask, cookie, expect, fillIn, password, people, press, signIn, test, untilOver } from './test.ts';

const door = /\/t\/acme-corp\/login(\?.*)?$/;
const warning = (page: Page) => page.getByRole('dialog', { name: 'Are you still there?' });

// tabs opens more pages of the same browser.
async function tabs(context: BrowserContext, count: number, address: string): Promise<Page[]> {
	const all = await Promise.all(Array.from({ length: count }, () => context.newPage()));
	await Promise.all(all.map((tab) => tab.goto(address)));
	return all;
}

// Proves: W9, 3.3
test('Signed in on one tab is signed in on all', async ({ page, context }) => {
	const [plain, bound, own] = [...(await tabs(context, 1, '/login')), ...(await tabs(context, 1, '/login?return_to=/phone')), ...(await tabs(context, 1, '/t/acme-corp/login'))];
	await signIn(page, 'acme-corp');
	await expect(plain).toHaveURL(/\/home$/);
	await expect(bound).toHaveURL(/\/phone$/);
	await expect(own).toHaveURL(/\/home$/);
	await expect(plain.getByRole('banner')).toContainText('Sue Support');

	// What carries the session is a JSON Web Token no script can read.
	const access = (await context.cookies()).find((c) => c.name === '__Host-access')!;
	expect(access).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/' });
	const claims = JSON.parse(Buffer.from(access.value.split('.')[1], 'base64url').toString());
	expect(claims).toMatchObject({ tenant: 'acme-corp', email: 'support@acme-corp.test', roles: ['user'] });
	expect(await page.evaluate(() => document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage))).toBe('{}{}');
});

// Proves: W9, 3.3
test('Signed out on one tab is signed out on all', async ({ page, context }) => {
	await signIn(page, 'acme-corp');
	const others = [...(await tabs(context, 2, '/home')), ...(await tabs(context, 1, '/phone'))];
	await press(page, 'Sign Out');
	await expect(page).toHaveURL(door);
	for (const tab of others) await expect(tab).toHaveURL(door);
});

// Proves: W9, 3.3
test('A session ended elsewhere is over in every tab', async ({ page, context, house }) => {
	await signIn(page, 'acme-corp');
	const [other] = await tabs(context, 1, '/phone');
	await house.cli('user', 'deactivate', '--tenant', 'acme-corp', 'support@acme-corp.test');
	await expect(page).toHaveURL(door, { timeout: 20_000 });
	await expect(other).toHaveURL(door, { timeout: 20_000 });
});

// Proves: W9, 3.3
test('Tabs of one person go to the start page of the next', async ({ page, context }) => {
	await signIn(page, 'acme-corp');
	const [other] = await tabs(context, 1, '/phone');
	await signIn(other, 'kontak');
	await expect(page).toHaveURL(/\/home$/);
	await expect(page.getByRole('banner')).toContainText('Tom Team');
});

// Proves: W10, 3.3
test.describe('Ten tabs over an access token of one second', () => {
	test.use({ flags: ['--access-token-ttl', '1s'] });

	test('throw nobody out and lose no word', async ({ page, context }) => {
		test.setTimeout(150_000);
		await signIn(page, 'acme-corp');
		const others = [...(await tabs(context, 8, '/home')), ...(await tabs(context, 1, '/phone'))];
		await page.goto('/settings');
		const name = page.getByLabel('Name', { exact: true });
		await name.fill('Sue Half');
		const left: string[] = [];
		for (const tab of [page, ...others]) tab.on('framenavigated', (frame) => left.push(frame.url()));

		// Somebody works in one of them.
		const tokens = new Set<string>();
		const end = Date.now() + 60_000;
		for (let i = 0; Date.now() < end; i++) {
			await others[i % others.length].mouse.move(100 + (i % 50), 300);
			tokens.add(await cookie(context, '__Host-access'));
			await page.waitForTimeout(500);
		}
		expect(left).toEqual([]);
		expect(tokens.size, 'tokens that were renewed').toBeGreaterThan(10);
		await expect(name).toHaveValue('Sue Half');
		await name.pressSequentially('-Done');
		await press(page, 'Save');
		await expect(page.getByRole('banner')).toContainText('Sue Half-Done');
		for (const tab of others) {
			await tab.reload();
			await expect(tab.getByRole('banner')).toContainText('Sue Half-Done');
		}
	});
});

// Proves: W11, 3.3
test.describe('A tab left alone', () => {
	test.use({ flags: ['--idle-timeout', '9s', '--access-token-ttl', '1s'] });

	test('is warned and times out, although it could renew', async ({ page, context, house }) => {
		const [other] = await tabs(context, 1, '/t/acme-corp/login');
		await signIn(page, 'acme-corp');
		const began = Date.now();
		await expect(other).toHaveURL(/\/home$/);
		const session = await cookie(context, '__Host-session');
		const first = await cookie(context, '__Host-access');
		await expect(warning(page)).toBeVisible({ timeout: 20_000 });
		expect(await cookie(context, '__Host-access'), 'it has renewed meanwhile').not.toBe(first);
		await expect(page).toHaveURL(door, { timeout: 20_000 });
		expect(Date.now() - began).toBeGreaterThan(8500);
		await expect(other).toHaveURL(door, { timeout: 20_000 });
		expect((await ask(house, '/home', { Cookie: `__Host-session=${session}` })).status).toBe(303);

		// Whoever comes back goes on where they were.
		await fillIn(page, { ...people['acme-corp'], Password: password });
		await press(page, 'Sign In');
		await expect(page).toHaveURL(/\/home$/);
	});

	test('is kept by “Stay signed in”, in every tab', async ({ page, context }) => {
		await signIn(page, 'acme-corp');
		const [other] = await tabs(context, 1, '/phone');
		await expect(warning(page)).toBeVisible({ timeout: 20_000 });
		await expect(warning(other)).toBeVisible({ timeout: 20_000 });
		await press(page, 'Stay signed in');
		await expect(warning(page)).toBeHidden();
		await expect(warning(other)).toBeHidden();
		// Past the end there would have been, the warning comes once more.
		await expect(warning(page)).toBeVisible({ timeout: 20_000 });
		await expect(page).toHaveURL(/\/home$/);
		await expect(page).toHaveURL(door, { timeout: 20_000 });
		await expect(other).toHaveURL(door, { timeout: 20_000 });
	});
});

// Proves: P4, W10, 3.3
test.describe('Each interaction starts the idle time again', () => {
	test.use({ flags: ['--idle-timeout', '8s', '--access-token-ttl', '2s'] });

	test('while somebody moves, for twice that long', async ({ page }) => {
		await signIn(page, 'wickedsprockets');
		for (const end = Date.now() + 18_000; Date.now() < end; ) {
			await page.mouse.move(200 + (Date.now() % 100), 300);
			await page.waitForTimeout(700);
		}
		await expect(page).toHaveURL(/\/phone$/);
		await expect(warning(page)).toBeHidden();
		await page.reload();
		await expect(page).toHaveURL(/\/phone$/);
	});
});

// Proves: P4
test('The idle time is four hours where nothing else is said', async ({ page }) => {
	await signIn(page, 'wickedsprockets');
	const state = JSON.parse((await page.locator('body').getAttribute('data-state'))!);
	expect(state.idle_in).toBeGreaterThan(4 * 3600 - 60);
	expect(state.idle_in).toBeLessThanOrEqual(4 * 3600);
});

// Proves: P4
test.describe('Without JavaScript each page starts the idle time again', () => {
	test.use({ flags: ['--idle-timeout', '6s', '--access-token-ttl', '1s'], javaScriptEnabled: false });

	test('and a page left alone leads out', async ({ page, house }) => {
		await signIn(page, 'wickedsprockets');
		for (const end = Date.now() + 12_000; Date.now() < end; ) {
			await page.goto('/phone');
			await expect(page).toHaveURL(/\/phone$/);
			await page.waitForTimeout(1500);
		}
		await untilOver(house, page.context()); // nothing on the page tells
		await page.reload();
		await expect(page).toHaveURL(/\/t\/wickedsprockets\/login\?return_to=%2Fphone$/);
	});
});

// Proves: W10, 3.3
test.describe('Before the session ends whatever one does', () => {
	test.use({ flags: ['--session-lifetime', '18s', '--access-token-ttl', '2s'] });

	test('the page asks for the password and goes on', async ({ page, context }) => {
		await signIn(page, 'acme-corp');
		const [other] = await tabs(context, 1, '/phone');
		const before = await cookie(context, '__Host-session');
		await page.goto('/settings');
		await page.getByLabel('Name', { exact: true }).fill('Sue Longer');
		const asked = page.getByRole('dialog', { name: 'Your session is about to end' });
		await expect(asked).toBeVisible({ timeout: 25_000 });
		await asked.getByLabel('Password').fill('wrong');
		await asked.getByRole('button', { name: 'Go on' }).click();
		await expect(asked.getByRole('alert')).toContainText(/password/);
		await asked.getByLabel('Password').fill(password);
		await asked.getByRole('button', { name: 'Go on' }).click();
		await expect(asked).toBeHidden();
		expect(await cookie(context, '__Host-session')).not.toBe(before);

		await expect(page.getByLabel('Name', { exact: true })).toHaveValue('Sue Longer');
		await press(page, 'Save');
		await expect(page.getByRole('banner')).toContainText('Sue Longer');
		await expect(other).toHaveURL(/\/phone$/);
		await other.reload();
		await expect(other).toHaveURL(/\/phone$/);
	});
});

// Proves: W10, 3.3
test.describe('While somebody types, before the session ends', () => {
	test.use({ flags: ['--session-lifetime', '30s', '--access-token-ttl', '20s'] });

	test('no key goes astray, and nothing is renewed that cannot last longer', async ({ page }) => {
		test.setTimeout(90_000);
		await signIn(page, 'acme-corp');
		await page.goto('/settings');
		const end = Date.now() + 1000 * JSON.parse((await page.locator('body').getAttribute('data-state'))!).ends_in;
		const asked = page.getByRole('dialog', { name: 'Your session is about to end' });
		const name = page.getByLabel('Name', { exact: true });
		await name.fill('');
		let typed = '';
		while (Date.now() < end - 6500) {
			await page.keyboard.press('a'); // to whatever has the focus
			typed += 'a';
			await page.waitForTimeout(250);
		}
		await expect(asked).toBeHidden();
		await expect(name).toHaveValue(typed);

		// The page asks as soon as they pause.
		await expect(asked).toBeVisible();
		const renewals: string[] = [];
		page.on('request', (r) => r.url().endsWith('/session/renew') && renewals.push(r.url()));
		await expect(page).toHaveURL(door, { timeout: 20_000 });
		expect(renewals).toEqual([]);
	});
});
