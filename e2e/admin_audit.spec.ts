// The audit trail as an administrator reads it.
import { readFile } from 'node:fs/promises';
import { expect, expectAccessible, expectNothingBeside, press, signIn, walk } from './test.ts';

// Proves: G4, 5.4
walk('The audit trail: search, filter, export, check', async ({ page, house, script }) => {
	await signIn(page, 'kontak', { 'Email Address': 'admin@kontak.test' });
	await page.goto('/admin/audit');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Audit');
	if (script) await expectAccessible(page);
	await expectNothingBeside(page);

	await page.getByLabel('Search').fill('login_success');
	if (!script) await press(page, 'Search');
	await expect(page.locator('tbody tr').first()).toContainText('authn_login_success');
	await expect(page.locator('tbody tr').filter({ hasText: 'user_created' })).toHaveCount(0);
	await page.goto('/admin/audit');
	await page.getByRole('link', { name: 'Kim Admin' }).first().click();
	await expect(page.getByText('of Kim Admin')).toBeVisible();
	if (script) await expectAccessible(page);
	await expectNothingBeside(page);

	const download = page.waitForEvent('download');
	await press(page, 'Export CSV');
	const text = await readFile(await (await download).path(), 'utf8');
	expect(text).toContain('authn_login_success');
	await page.goto('/admin/audit?q=exported');
	await expect(page.locator('tbody tr')).toHaveCount(1);
	expect(await house.cli('audit', 'verify', '--tenant', 'kontak')).toContain('holds');
});
