import { cookie, expect, fillIn, password, people, press, signIn, test, untilOver, walk } from './test.ts';

const name = 'Name';

// Proves: W2, W10, 3.3
test.describe('Tab 1 of tenant A posts after tab 2 signed in to B', () => {
	test.use({ javaScriptEnabled: false });

	test('nothing changes in B', async ({ page, context, house }) => {
		await signIn(page, 'acme-corp');
		await page.goto('/settings');
		await page.getByLabel(name, { exact: true }).fill('Written For Acme');
		const other = await context.newPage();
		await signIn(other, 'kontak');
		await press(page, 'Save');
		await expect(page.getByRole('main')).toContainText('Nothing was changed.');
		await other.reload();
		await expect(other.getByRole('banner')).toContainText('Tom Team');
		for (const [tenant, who] of [['acme-corp', 'support@acme-corp.test'], ['kontak', 'team@kontak.test']]) {
			expect(await house.cli('user', 'show', '--tenant', tenant, who)).not.toContain('Written');
		}
	});

	test('and B is not signed out', async ({ page, context }) => {
		await signIn(page, 'acme-corp');
		await page.goto('/logout');
		const other = await context.newPage();
		await signIn(other, 'kontak');
		await page.getByRole('main').getByRole('button', { name: 'Sign Out' }).click();
		await expect(page.getByRole('main')).toContainText('Nothing was changed.');
		await other.goto('/home');
		await expect(other.getByRole('banner')).toContainText('Tom Team');
	});
});

// Proves: W10, 3.3
walk(
	'A form sent after the session’s end comes back filled in, and is not executed',
	async ({ page, house, script }) => {
		await signIn(page, 'acme-corp');
		await page.goto('/settings');
		await page.getByLabel(name, { exact: true }).fill('Sue Too Late');
		await untilOver(house, page.context());
		// With a script the page goes by itself, and what was typed goes along.
		if (!script) await press(page, 'Save');
		await expect(page).toHaveURL(/\/t\/acme-corp\/login\?return_to=/, { timeout: 20_000 });
		await fillIn(page, { ...people['acme-corp'], Password: password });
		await press(page, 'Sign In');
		await expect(page).toHaveURL(/\/settings\?kept=/);
		await expect(page.getByRole('status').first()).toContainText('nothing has been changed yet');
		await expect(page.getByLabel(name, { exact: true })).toHaveValue('Sue Too Late');
		await expect(page.getByRole('banner')).toContainText('Sue Support');
		await press(page, 'Save');
		await expect(page.getByRole('banner')).toContainText('Sue Too Late');
	},
	['--idle-timeout', '9s'],
);

// Proves: W10, 3.3
test.describe('Signed in anew in another tab', () => {
	test.use({ javaScriptEnabled: false });

	test('the same person’s form is shown again, filled in', async ({ page, context }) => {
		await signIn(page, 'acme-corp');
		await page.goto('/settings');
		await page.getByLabel(name, { exact: true }).fill('Sue Again');
		const before = await cookie(context, '__Host-session');
		const other = await context.newPage();
		await signIn(other, 'acme-corp');
		expect(await cookie(context, '__Host-session')).not.toBe(before);
		await press(page, 'Save');
		await expect(page.getByRole('banner')).toContainText('Sue Support');
		await expect(page.getByLabel(name, { exact: true })).toHaveValue('Sue Again');
		await press(page, 'Save');
		await expect(page.getByRole('banner')).toContainText('Sue Again');
	});
});
