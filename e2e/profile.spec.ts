import { expect, expectAccessible, expectNothingBeside, fillIn, press, signIn, test, walk } from './test.ts';

// Proves: G5, P11
walk('One’s own name, which is text whatever is in it, and how it all looks', async ({ page }) => {
	await signIn(page, 'acme-corp');
	await page.goto('/settings');
	await expectNothingBeside(page);
	await fillIn(page, { Name: '<b>Sue</b> Storm' });
	await press(page, 'Save');
	await expect(page.getByRole('status').filter({ hasText: 'Your profile was saved.' })).toBeVisible();
	await expect(page.getByLabel('Name', { exact: true })).toHaveValue('<b>Sue</b> Storm');
	await expect(page.getByRole('region', { name: 'Profile' })).toBeInViewport();
	await press(page, 'Dark');
	await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
	await expect(page.getByRole('button', { name: 'Dark', exact: true })).toHaveAttribute('aria-pressed', 'true');
	await press(page, 'System');
	await expect(page.locator('html')).not.toHaveAttribute('data-theme', /./);
});

// Proves: W6
test('The page advises while a new password is typed', async ({ page }) => {
	await signIn(page, 'acme-corp');
	await page.goto('/settings');
	await expectAccessible(page);
	await page.goto('/settings/account');
	const [length, letters, digits, special] = ['8 or more characters', 'Upper and lower case', 'Numbers', 'Special characters'];
	await expect(page.locator('.advice [data-advice]')).toHaveText([length, letters, digits, special]);
	const typed = page.getByLabel('New Password', { exact: true });
	for (const [text, advised] of [
		['heron', []],
		['heronlake', [length]],
		['HeronLake', [length, letters]],
		['HeronLake7', [length, letters, digits]],
		['Heron Lake7', [length, letters, digits, special]],
		['ÄäÖö', [letters]],
		['7', [digits]],
		['', []],
	] as const) {
		await typed.fill(text);
		await expect(page.locator('.advice .met')).toHaveText(advised.map((words) => `${words} (done)`));
	}
});
