// What became of letters, as an administrator sees it.
import { expect, expectAccessible, expectNothingBeside, fillIn, press, signIn, walk } from './test.ts';

// Proves: Q7, 5.2
walk('Mail: what became of each letter, to whom and why', async ({ page, script }) => {
	await signIn(page, 'acme-corp', { 'Email Address': 'admin@acme-corp.test' });
	await page.goto('/admin/invitations');
	await fillIn(page, { 'Email Addresses': 'eve@acme-corp.test' });
	await press(page, 'Send Invitations');
	await expect(page.getByRole('status').first()).toContainText('The invitation was mailed.');

	await page.locator('header summary').filter({ hasText: /Administration|Menu/, visible: true }).click();
	await page.getByRole('link', { name: 'Mail', exact: true }).filter({ visible: true }).click();
	const row = page.getByRole('row').filter({ hasText: 'eve@acme-corp.test' });
	await expect(row).toContainText('Invitation');
	await expect(row).toContainText('queued');
	if (script) await expectAccessible(page);
	await expectNothingBeside(page);
	await page.getByLabel('State', { exact: true }).selectOption('bounced');
	if (!script) await press(page, 'Search');
	await expect(page.getByText('Nothing fits.')).toBeVisible();
	await page.goto('/admin/mail?q=eve');
	await row.getByRole('link', { name: 'eve@acme-corp.test' }).click();
	await expect(page.getByRole('button', { name: 'Resend Invitation' })).toBeVisible();
});
