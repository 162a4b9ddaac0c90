// Roles of an organization's own, as an administrator keeps them.
import { expect, expectAccessible, expectNothingBeside, fillIn, press, signIn, walk } from './test.ts';

// Proves: G3, 5.3
walk('A role of one’s own: made, given, changed, deleted', async ({ page, house, script }) => {
	const looks = async () => {
		if (script) await expectAccessible(page);
		await expectNothingBeside(page);
	};
	await signIn(page, 'acme-corp', { 'Email Address': 'admin@acme-corp.test' });
	await page.goto('/admin/roles');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Roles');
	await looks();
	await page.getByRole('link', { name: 'New Role' }).click();
	await looks();
	await fillIn(page, { Title: 'Support Desk', Name: 'support', Rank: '100' });
	await page.getByLabel('See who belongs to the organization').check();
	await press(page, 'Make the Role');
	await expect(page.getByLabel('Rank')).toHaveAccessibleDescription(/from 1 to 99/);
	await expect(page.getByLabel('See who belongs to the organization')).toBeChecked();
	await fillIn(page, { Rank: '30' });
	await press(page, 'Make the Role');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Support Desk');
	await looks();

	await page.goto('/admin/users?q=sue');
	await page.getByRole('link', { name: 'Sue Support' }).click();
	await page.getByLabel('Role').selectOption({ label: 'Support Desk' });
	await press(page, 'Save');
	await page.goto('/admin/users?role=support');
	await expect(page.locator('tbody tr')).toHaveCount(1);
	await page.goto('/admin/roles/support');
	await expect(page.getByRole('button', { name: 'Delete the Role' })).toHaveCount(0);
	await page.getByLabel('Delete users').check();
	await press(page, 'Save');
	await expect(page.getByRole('status').first()).toContainText('The changes were saved.');
	expect(await house.cli('role', 'list', '--tenant', 'acme-corp')).toContain('users.read,users.delete');

	await house.cli('user', 'set', '--tenant', 'acme-corp', 'support@acme-corp.test', '--role', 'user');
	await page.goto('/admin/roles/support');
	await press(page, 'Delete the Role');
	await expect(page.getByRole('status').first()).toContainText('The role was deleted.');
});
