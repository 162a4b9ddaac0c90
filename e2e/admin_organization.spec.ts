import { expect, expectAccessible, expectNothingBeside, fillIn, signIn, test } from './test.ts';

// A picture of one red pixel.
const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==', 'base64');

// Proves: G7, 5.5
test.describe('An organization looks after itself', () => {
	test.use({ flags: ['--floor', 'idle-timeout=5h'] });

	test('settings, floors and logo', async ({ page }) => {
		await signIn(page, 'acme-corp', { 'Email Address': 'admin@acme-corp.test' });
		await page.goto('/admin/organization');
		await expect(page.getByRole('heading', { level: 1 })).toHaveText('Organization');
		await expectAccessible(page);
		await expectNothingBeside(page);

		const times = page.getByRole('region', { name: 'Sessions' });
		await fillIn(page, { 'Idle Time': '6h' });
		await times.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByLabel('Idle Time')).toHaveAccessibleDescription(/at most 5h/);
		await fillIn(page, { 'Idle Time': '2m' });
		await times.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByLabel('Idle Time')).toHaveAccessibleDescription(/are signed out, you too/);
		await expectAccessible(page);
		await page.getByLabel('sign people out that soon').check();
		await times.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByRole('status').first()).toContainText('Saved.');
		await fillIn(page, { 'Idle Time': '30m' });
		await times.getByRole('button', { name: 'Save' }).click();
		await expect(page.getByRole('status').first()).toContainText('Saved.');
		await expect(page.getByLabel('Idle Time')).toHaveValue('30m');

		await fillIn(page, { Imprint: 'https://acme-corp.test/imprint' });
		await page.getByRole('region', { name: 'Contact' }).getByRole('button', { name: 'Save' }).click();
		await page.getByLabel('Picture').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: Buffer.from('<html>') });
		await page.getByRole('button', { name: 'Upload' }).click();
		await expect(page.getByLabel('Picture')).toHaveAccessibleDescription(/must be a PNG/);
		await page.getByLabel('Picture').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: pixel });
		await page.getByRole('button', { name: 'Upload' }).click();
		await expect(page.getByRole('img', { name: 'The present logo' })).toBeVisible();
		await expectAccessible(page);

		await page.context().clearCookies();
		await page.goto('/t/acme-corp/login');
		await expect(page.getByRole('link', { name: 'Imprint' })).toHaveAttribute('href', 'https://acme-corp.test/imprint');
		expect(await page.locator('img.logo').evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(1);
		await expectAccessible(page);
	});
});
