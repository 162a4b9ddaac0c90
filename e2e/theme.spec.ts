import { cookie, expect, press, signIn, test, walk } from './test.ts';
import type { Page } from '@playwright/test';

const half = (page: Page) => page.getByRole('button', { name: /^Theme: / });
const background = (page: Page) =>
	page.evaluate(() => {
		const numbers = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g)!.map(Number);
		return numbers[0] + numbers[1] + numbers[2] > 380 ? 'light' : 'dark';
	});

// Proves: P11, 3.2
walk('The half circle cycles through the themes, and the browser keeps the choice', async ({ page }) => {
	await page.goto('/t/wickedsprockets/login');
	const html = page.locator('html');
	await expect(html).not.toHaveAttribute('data-theme');
	const system = await page.evaluate(() => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')).catch(() => '');
	if (system) expect(await background(page)).toBe(system);

	await signIn(page, 'wickedsprockets');
	for (const theme of ['light', 'dark']) {
		await half(page).click();
		await expect(html).toHaveAttribute('data-theme', theme);
		await expect(half(page)).toHaveAccessibleName(`Theme: ${theme}`);
		await expect.poll(() => cookie(page.context(), '__Host-theme')).toBe(theme);
		await page.goto('/home');
		await expect(html).toHaveAttribute('data-theme', theme);
	}
	// It stays over signing out, names nobody, and is there in the next session.
	await page.goto('/logout');
	await page.getByRole('main').getByRole('button', { name: 'Sign Out' }).click();
	await expect(html).toHaveAttribute('data-theme', 'dark');
	await signIn(page, 'wickedsprockets');
	await expect(html).toHaveAttribute('data-theme', 'dark');
	await half(page).click();
	await expect.poll(() => cookie(page.context(), '__Host-theme')).toBe('');
	await page.goto('/home');
	await expect(html).not.toHaveAttribute('data-theme');
	await expect(half(page)).toHaveAccessibleName('Theme: system');
});

// Proves: P11
test.describe('No flash of the wrong theme', () => {
	test.use({ colorScheme: 'light' });

	test('the first HTML has it, and the first paint', async ({ page, house }) => {
		await page.goto('/t/kontak/login');
		await press(page, 'Theme: system');
		await press(page, 'Theme: light');
		await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
		await expect.poll(async () => (await page.context().cookies()).find((c) => c.name === '__Host-theme')?.value).toBe('dark');

		const answer = await page.goto('/t/kontak/login');
		expect(await answer!.text()).toMatch(/^<!doctype html>\s*<html[^>]* data-theme="dark"/i);

		// No stylesheet, then no paint: what is painted first is dark already.
		await page.route('**/*.css*', async (route) => {
			await new Promise((resolve) => setTimeout(resolve, 500));
			await route.continue();
		});
		const devtools = await page.context().newCDPSession(page);
		await devtools.send('Network.clearBrowserCache');
		await page.goto('/t/kontak/login', { waitUntil: 'commit' });
		const painted = await page.evaluate(
			() =>
				new Promise<string>((resolve) =>
					new PerformanceObserver((_, observer) => {
						observer.disconnect();
						resolve(getComputedStyle(document.body).backgroundColor);
					}).observe({ type: 'paint', buffered: true }),
				),
		);
		const sum = painted.match(/[\d.]+/g)!.slice(0, 3).map(Number).reduce((a, b) => a + b);
		expect(sum, `first painted on ${painted}`).toBeLessThan(200);
		expect(house.origin).toContain('localhost');
	});
});
