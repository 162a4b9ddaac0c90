// One's own address, language and time zone.
import { test as base } from '@playwright/test';
import { Server } from './house.ts';
import { expect, expectAccessible, expectNothingBeside, fillIn, password, press, signIn, walk } from './test.ts';

const test = base.extend<{ origin: string }>({
	origin: async ({}, use) => {
		const { PATH, HOME, TMPDIR } = process.env;
		const demo = new Server(['demo', '--listen', '127.0.0.1:0'], { PATH, HOME, TMPDIR });
		await use(await demo.origin());
		await demo.stop();
	},
});

// Proves: G6, 5.1
test.describe('One’s own e-mail address', { tag: '@sqlite' }, () => {
	test('changes when the link mailed to the new one is used', async ({ page, origin }) => {
		const address = 'sales@new.test';
		await page.goto(`${origin}/t/acme-corp/login`);
		await fillIn(page, { 'Email Address': 'sales@acme-corp.test', Password: password });
		await press(page, 'Sign In');
		await page.waitForURL('**/home');
		await page.goto(`${origin}/settings`);
		await page.getByRole('link', { name: 'Email Address' }).click();
		await expectAccessible(page);
		await fillIn(page, { 'New Email Address': address, 'Your Password': 'wrong' });
		await press(page, 'Change Email Address');
		await expect(page.getByLabel('Your Password')).toHaveAccessibleDescription(/not your current password/);
		await expectAccessible(page);
		await fillIn(page, { 'Your Password': password });
		await press(page, 'Change Email Address');
		await expect(page.getByRole('status').first()).toContainText('The letter is on its way.');
		await expect(page.getByText('Waiting to be confirmed')).toBeVisible();
		await expectAccessible(page);
		await expectNothingBeside(page);

		await expect(async () => {
			await page.goto(`${origin}/dev/inbox`);
			await page.getByRole('link', { name: /Confirm your new e-mail address/ }).click({ timeout: 2000 });
		}).toPass();
		await page.getByRole('link', { name: 'Plain text' }).click();
		await page.locator('pre a').click();
		await expect(page.getByText(address)).toBeVisible();
		expect(page.url()).not.toContain('token');
		await expectAccessible(page);
		await expectNothingBeside(page);
		await press(page, 'Confirm This Address');
		await expect(page.getByRole('status').first()).toContainText('Your e-mail address was changed.');
		await expect(page.getByRole('main').getByText(address)).toBeVisible();
	});
});

// Proves: G5, 5.1
walk('Times are shown where the person is', async ({ page }) => {
	await signIn(page, 'acme-corp');
	await page.goto('/settings');
	const part = page.getByRole('region', { name: 'Language and Time Zone' });
	await part.getByLabel('Time Zone').selectOption('Asia/Jakarta');
	await part.getByLabel('Language of Letters').selectOption('Bahasa Indonesia');
	await part.getByRole('button', { name: 'Apply' }).click();
	await expect(part.getByRole('status')).toContainText('Saved.');
	await expect(part.getByText('WIB')).toBeVisible();
	await expectNothingBeside(page);
	await page.goto('/home');
	await expect(page.getByRole('main').locator('time').first()).toContainText('WIB');
});
