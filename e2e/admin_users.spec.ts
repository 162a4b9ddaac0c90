// An administrator's day with the people of their tenant.
import { expect, expectAccessible, expectNothingBeside, fillIn, press, signIn, walk } from './test.ts';

const admins = {
	'acme-corp': { 'Email Address': 'admin@acme-corp.test' },
	wickedsprockets: { Username: '200-wickedsprockets' },
	kontak: { 'Email Address': 'admin@kontak.test' },
} as const;

// Proves: Q5, G2, 5.2
walk('Users on the left of Profile Settings: Reset Password mails a link', async ({ page, house, script }) => {
	await signIn(page, 'kontak', admins.kontak);
	await page.goto('/settings');
	await page.getByRole('navigation', { name: 'Profile Settings' }).getByRole('link', { name: 'Users' }).click();
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Users');
	if (script) await expectAccessible(page);
	await expectNothingBeside(page);

	const row = page.getByRole('row').filter({ hasText: 'Tom Team' });
	await page.getByLabel('Search').fill('tom');
	if (script) await expect(page.getByText('Kim Admin', { exact: true }).and(page.locator('table *'))).toHaveCount(0); // as one types
	else await press(page, 'Search');
	await expect(page.locator('tbody tr')).toHaveCount(1);
	await row.getByRole('button', { name: 'Reset Password' }).click();
	await expect(page.getByRole('status').first()).toContainText('A link to choose a new password was mailed to Tom Team.');
	expect(await house.cli('user', 'list', '--tenant', 'kontak')).toContain('team@kontak.test');
});

// Proves: P1, P7, G2, 5.2
walk('An extension with an initial password, handed over', async ({ page, script }) => {
	await signIn(page, 'wickedsprockets', admins.wickedsprockets);
	await page.goto('/admin/users');
	await page.getByRole('link', { name: 'New User' }).click();
	if (script) await expectAccessible(page);
	await expectNothingBeside(page);
	await fillIn(page, { Name: 'Nina New', Extension: '209' });
	await press(page, 'Create User');
	await expect(page.getByText('209-wickedsprockets')).toBeVisible();
	if (script) await expectAccessible(page);
	await expectNothingBeside(page);
	const secret = await page.locator('.spelled').innerText();

	await page.goto('/admin/users?q=209');
	await page.getByRole('link', { name: 'Nina New' }).click();
	if (script) await expectAccessible(page);
	await expectNothingBeside(page);
	await fillIn(page, { Name: 'Nina Newman' });
	await press(page, 'Save');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Nina Newman');
	await press(page, 'Deactivate');
	await expect(page.getByRole('status').first()).toContainText('Nina Newman was deactivated');
	await press(page, 'Reactivate');
	await expect(page.getByRole('status').first()).toContainText('Nina Newman was reactivated');

	await page.context().clearCookies();
	await page.goto('/t/wickedsprockets/login');
	await fillIn(page, { Username: '209', Password: secret });
	await press(page, 'Sign In');
	await expect(page.getByRole('heading', { name: 'Choose your password' })).toBeVisible();
});

// Proves: W7, W8, 5.2
walk('Invitations: several at once, sent again, revoked', async ({ page, script }) => {
	await signIn(page, 'acme-corp', admins['acme-corp']);
	await page.goto('/admin/invitations');
	await fillIn(page, { 'Email Addresses': 'eve@acme-corp.test\nivy@acme-corp.test' });
	await press(page, 'Send Invitations');
	await expect(page.getByRole('status').first()).toContainText('2 invitations were mailed.');
	if (script) await expectAccessible(page);
	await expectNothingBeside(page);
	const one = page.getByRole('listitem').filter({ hasText: 'eve@acme-corp.test' });
	await one.getByRole('button', { name: 'Resend' }).click();
	await expect(page.getByRole('status').first()).toContainText('mailed again');
	await one.getByText('Get Link').click(); // which says first that the mailed link ends
	await one.getByRole('button', { name: 'Make New Link' }).click();
	await expect(page.getByLabel('Link', { exact: true })).toHaveValue(/\/invitation\?token=inv_/);
	await one.getByRole('button', { name: 'Revoke' }).click();
	await expect(one).toContainText('revoked');
});

// Proves: G2, 5.2
walk('Users from a file: a look, a report line by line, and in', async ({ page, script }) => {
	await signIn(page, 'acme-corp', admins['acme-corp']);
	await page.goto('/admin/users');
	await page.getByRole('link', { name: 'Import' }).click();
	const file = (text: string) => page.getByLabel('File', { exact: true }).setInputFiles({ name: 'users.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
	await file('email,name,role\none@x.test,One,user\nadmin@acme-corp.test,Twice,user\n');
	await press(page, 'Preview');
	await expect(page.getByText('1 of 2 lines are right.')).toBeVisible();
	await expect(page.getByText('Line 3')).toBeVisible();
	if (script) await expectAccessible(page);
	await expectNothingBeside(page);
	await fillIn(page, { 'Or its lines': 'email,name,role\none@x.test,One,user\ntwo@x.test,Two,user\n' });
	await press(page, 'Import');
	await expect(page.getByText('2 users were imported')).toBeVisible();
	await page.goto('/admin/users');
	await expect(page.getByRole('link', { name: 'Two', exact: true })).toBeVisible();
	const download = page.waitForEvent('download');
	await press(page, 'Export');
	expect((await download).suggestedFilename()).toBe('users-acme-corp.csv');
});
