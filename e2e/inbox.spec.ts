import { test as base } from '@playwright/test';
import { Server } from './house.ts';
import { expect, expectAccessible, expectNothingBeside, fillIn, press } from './test.ts';

const test = base.extend<{ origin: string }>({
	origin: async ({}, use) => {
		const { PATH, HOME, TMPDIR } = process.env;
		const demo = new Server(['demo', '--listen', '127.0.0.1:0'], { PATH, HOME, TMPDIR });
		await use(await demo.origin());
		await demo.stop();
	},
});

// Proves: 4.8, 4.6
test.describe('The inbox of the demo', { tag: '@sqlite' }, () => {
	test('shows a letter in both forms, with links that work', async ({ page, origin }) => {
		await page.goto(`${origin}/dev/inbox`);
		await expect(page.getByText('No letters yet')).toBeVisible();
		await expectAccessible(page);

		await page.goto(`${origin}/t/acme-corp/login`);
		await page.getByRole('link', { name: 'Forgot Password?' }).click();
		await fillIn(page, { 'Email Address': 'sales@acme-corp.test' });
		await press(page, 'Send Reset Link');

		const subject = 'Choose a new password for Acme Corporation';
		await expect(async () => {
			await page.goto(`${origin}/dev/inbox`);
			await expect(page.getByRole('link', { name: subject })).toBeVisible({ timeout: 2000 });
		}).toPass();
		await expectAccessible(page);
		await expectNothingBeside(page);
		await page.getByRole('link', { name: subject }).click();
		await expect(page.getByRole('heading', { name: subject })).toBeVisible();

		const letter = page.frameLocator('iframe');
		await expect(letter.getByText('Hello Acme Sales,')).toBeVisible();
		const [opened] = await Promise.all([page.context().waitForEvent('page'), letter.getByRole('link', { name: 'Choose a new password' }).click()]);
		await expect(opened.getByRole('button', { name: 'Reset Password' })).toBeVisible();
		expect(opened.url()).not.toContain('token');
		await opened.close();

		await page.getByRole('link', { name: 'Plain text' }).click();
		await expect(page.getByText('The link works once')).toBeVisible();
		await expectAccessible(page); // not beside the letter itself: axe would wait for scripts there, and none may run
		await page.locator('pre a').click();
		await expect(page.getByRole('button', { name: 'Reset Password' })).toBeVisible();
	});
});
