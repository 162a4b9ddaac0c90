import { expect, expectRefused, fillIn, password, press, signIn, test, walk } from './test.ts';
import type { Page } from '@playwright/test';

const flags = ['--sign-in-wait', '12s'];
const waiting = /too many attempts/;

async function tryOnce(page: Page, secret: string) {
	await fillIn(page, { Username: '201-wickedsprockets', Password: secret });
	await press(page, 'Sign In');
}

// Proves: P5, 3.1
walk(
	'After five failures one waits',
	async ({ page, house }) => {
		await page.goto('/login?style=extension');
		for (let i = 0; i < 5; i++) {
			await tryOnce(page, 'wrong');
			await expectRefused(page);
		}
		// The right password does not help, and neither does a new start.
		await tryOnce(page, password);
		await expect(page.getByRole('alert')).toContainText(waiting);
		await house.stop();
		await house.serve(flags);
		await tryOnce(page, password);
		await expect(page.getByRole('alert')).toContainText(waiting);
		await expect(page.getByRole('alert')).toContainText(/\d+ seconds?/);

		// When it is over it is over. The browser of this test asks again and
		// again; each time the page says how long it still takes.
		await expect(async () => {
			if (!page.url().endsWith('/phone')) await tryOnce(page, password);
			await expect(page).toHaveURL(/\/phone$/, { timeout: 3000 });
		}).toPass({ intervals: [500], timeout: 90_000 });
	},
	flags,
);

// Proves: P5
test.describe('The page counts the wait down', () => {
	test.use({ flags: ['--sign-in-wait', '15m'] });

	test('second by second', async ({ page }) => {
		await page.clock.install();
		await page.goto('/t/wickedsprockets/login');
		for (let i = 0; i < 6; i++) {
			await fillIn(page, { Username: '201', Password: 'wrong' });
			await press(page, 'Sign In');
			await expect(page.getByRole('alert')).toBeVisible();
		}
		// It is announced once, and no alert any more while it ticks.
		const note = page.getByText(waiting);
		await expect(note).toContainText(/Wait 1[45] minutes/);
		const told = async () => (await note.innerText()).replaceAll(/\s+/g, ' ');
		const before = await told();
		await page.clock.runFor(65_000);
		await expect.poll(told).not.toBe(before);
		await expect.poll(told).toMatch(/Wait 1[34] minutes \d+ seconds?/);
		await page.clock.runFor(14 * 60_000);
		await expect(page.getByText('You can try again now.')).toBeVisible();
		await expect(page.getByRole('button', { name: 'Sign In', exact: true })).toBeEnabled();
	});
});

// Proves: P5
test.describe('A browser that has signed this person in before has five of its own', () => {
	test('while strangers wait', async ({ page, browser, house }) => {
		await signIn(page, 'wickedsprockets');
		await page.getByRole('button', { name: 'Sign Out' }).first().click();
		const context = await browser.newContext({ baseURL: house.origin });
		const stranger = await context.newPage();
		await stranger.goto('/t/wickedsprockets/login');
		for (let i = 0; i < 6; i++) {
			await fillIn(stranger, { Username: '201', Password: 'wrong' });
			await press(stranger, 'Sign In');
		}
		await expect(stranger.getByRole('alert')).toContainText(waiting);
		await signIn(page, 'wickedsprockets');
		await expect(page).toHaveURL(/\/phone$/);
		await context.close();
	});
});
