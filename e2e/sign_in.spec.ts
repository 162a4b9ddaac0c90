import { expect, fillIn, password, signIn, test } from './test.ts';

// Proves: W1
test('The sign-in page asks slug, address and password', async ({ page }) => {
	await page.goto('/');
	await expect(page).toHaveURL(/\/login$/);
	await fillIn(page, { 'Tenant Slug': 'acme-corp', 'Email Address': 'support@acme-corp.test', Password: password });
	await page.getByRole('button', { name: 'Sign In', exact: true }).click();
	await expect(page).toHaveURL(/\/home$/);
});
