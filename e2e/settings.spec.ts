import type { Page } from '@playwright/test';
import { ask, cookie, expect, fillIn, password, people, press, signIn, walk } from './test.ts';

const fresh = 'Quiet Lantern 88!';

// elsewhere is the same person signed in from another browser: its cookie.
async function elsewhere(page: Page, slug: keyof typeof people): Promise<string> {
	const context = await page.context().browser()!.newContext({ baseURL: new URL(page.url()).origin });
	await signIn(await context.newPage(), slug);
	const session = await cookie(context, '__Host-session');
	await context.close();
	return `__Host-session=${session}`;
}

// Proves: P9, W6, 3.2
walk('Settings: scrolling down, the Change Password section', async ({ page, house }) => {
	await signIn(page, 'wickedsprockets');
	const other = { Cookie: await elsewhere(page, 'wickedsprockets') };
	expect((await ask(house, '/phone', other)).status).toBe(200);
	await page.goto('/settings');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Settings');
	const section = page.getByRole('region', { name: 'Change Password' });
	await section.scrollIntoViewIfNeeded();

	await fillIn(page, { 'Current Password': 'wrong', 'New Password': fresh, 'Confirm New Password': fresh });
	await section.getByRole('button', { name: 'Change Password' }).click();
	await expect(page.getByLabel('Current Password')).toHaveAccessibleDescription(/not your current password/);
	await fillIn(page, { 'Current Password': password, 'New Password': 'wickedsprockets', 'Confirm New Password': 'wickedsprockets' });
	await section.getByRole('button', { name: 'Change Password' }).click();
	await expect(section.getByRole('alert').or(section.locator('.error')).first()).toBeVisible();
	await fillIn(page, { 'Current Password': password, 'New Password': fresh, 'Confirm New Password': fresh });
	await section.getByRole('button', { name: 'Change Password' }).click();
	await expect(page.getByRole('status').first()).toContainText('Your password was changed.');

	// The person stays signed in; every other session of theirs has ended.
	await page.goto('/phone');
	await expect(page).toHaveURL(/\/phone$/);
	expect((await ask(house, '/phone', other)).status).toBe(303);
	await page.context().clearCookies();
	await signIn(page, 'wickedsprockets', people.wickedsprockets, fresh);
	await expect(page).toHaveURL(/\/phone$/);
});

// Proves: Q4, 3.2
walk('Profile Settings: Account Settings on the left', async ({ page }) => {
	await signIn(page, 'kontak');
	await page.goto('/settings');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Profile Settings');
	const part = page.getByRole('link', { name: 'Account Settings' });
	if (page.viewportSize()!.width > 600) {
		const left = (await part.boundingBox())!;
		const form = (await page.getByLabel('Name', { exact: true }).boundingBox())!;
		expect(left.x + left.width).toBeLessThanOrEqual(form.x);
	}
	await part.click();
	await fillIn(page, { 'Existing Password': password, 'New Password': fresh, 'Confirm New Password': fresh });
	await press(page, 'Update');
	await expect(page.getByRole('status').first()).toContainText('Your password was changed.');
	await page.context().clearCookies();
	await signIn(page, 'kontak', people.kontak, fresh);
	await expect(page).toHaveURL(/\/home$/);
});

// Proves: G5, 3.2
walk('A person sees their sessions and ends them', async ({ page, house }) => {
	await signIn(page, 'acme-corp');
	const first = { Cookie: await elsewhere(page, 'acme-corp') };
	await page.goto('/settings');
	const sessions = page.getByRole('region', { name: 'Sessions' });
	await expect(sessions.getByRole('listitem')).toHaveCount(2);
	await expect(sessions).toContainText('This session');
	await sessions.getByRole('button', { name: 'End', exact: true }).click();
	await expect(sessions).toContainText('The session has ended.');
	await expect(sessions.getByRole('listitem')).toHaveCount(1);
	expect((await ask(house, '/home', first)).status).toBe(303);

	const more = [{ Cookie: await elsewhere(page, 'acme-corp') }, { Cookie: await elsewhere(page, 'acme-corp') }];
	await page.goto('/settings');
	await sessions.getByRole('button', { name: 'End all others' }).click();
	await expect(sessions).toContainText('All your other sessions have ended.');
	for (const one of more) expect((await ask(house, '/home', one)).status).toBe(303);
	await page.goto('/home');
	await expect(page).toHaveURL(/\/home$/);
});

// Proves: 3.1
walk('Programs that look after passwords find where one is changed', async ({ page }) => {
	await page.goto('/.well-known/change-password');
	await expect(page).toHaveURL(/\/login\?return_to=%2Fsettings%2Faccount$/);
	await signIn(page, 'acme-corp');
	await page.goto('/.well-known/change-password');
	await expect(page).toHaveURL(/\/settings\/account$/);
});
