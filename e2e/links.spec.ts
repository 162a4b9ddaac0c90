// Ways back in and ways of joining, as the three manuals have them.
import { expect, expectAccessible, expectNothingBeside, fillIn, press, signIn, walk } from './test.ts';

const fresh = 'violet lantern ember';
const asked = 'If there is an account with these details and it has an e-mail address, a link is on its way there.';

// Proves: W3, Q1, P6, P7, 4.2
walk('Forgotten passwords are asked for in the words of each style', async ({ page, script }) => {
	for (const way of [
		{ at: '/login', link: 'Forgot Password?', fields: { 'Tenant Slug': 'acme-corp', 'Email Address': 'nobody@acme-corp.test' }, button: 'Send Reset Link' },
		{ at: '/t/wickedsprockets/login', link: 'Forgot password?', fields: { 'Extension number': '201' }, button: 'Send Reset Link' },
		{ at: '/login?style=extension', link: 'Forgot password?', fields: { 'Extension number': '201-wickedsprockets' }, button: 'Send Reset Link' },
		{ at: '/t/kontak/login', link: 'Forgot Password', fields: { 'Email Address': 'team@kontak.test' }, button: 'Send me reset password instructions' },
	]) {
		await page.goto(way.at);
		await page.getByRole('link', { name: way.link, exact: true }).click();
		await expect(page.getByRole('button', { name: way.button })).toBeVisible();
		if (script) await expectAccessible(page);
		await expectNothingBeside(page);
		await fillIn(page, way.fields);
		await press(page, way.button);
		await expect(page.getByRole('status')).toContainText(asked);
		await expect(page.getByText('contact your system administrator')).toBeVisible();
		if (script) await expectAccessible(page);
		await page.getByRole('link', { name: 'Back to sign-in' }).click();
		await expect(page.getByRole('button', { name: 'Sign In' })).toBeVisible();
	}
});

// Proves: W4, W5, Q2, 4.1, 4.3
walk('A reset link sets a new password, once', async ({ page, house, script }) => {
	const link = await house.cli('user', 'reset-link', '--tenant', 'acme-corp', 'support@acme-corp.test', '--print-link', '--public-url', house.origin);
	await page.goto(link);
	expect(page.url(), 'the token leaves the address').not.toContain('token');
	if (script) await expectAccessible(page);
	await expectNothingBeside(page);
	await fillIn(page, { 'New Password': fresh, 'Confirm New Password': 'another lantern' });
	await press(page, 'Reset Password');
	await expect(page.getByRole('alert')).toContainText('not the same');
	if (script) await expectAccessible(page);
	await fillIn(page, { 'New Password': fresh, 'Confirm New Password': fresh });
	await press(page, 'Reset Password');
	await page.waitForURL('**/t/acme-corp/login?notice=password-reset');
	await expect(page.getByText('Your password has been reset.')).toBeVisible();

	await page.goto(link);
	await expect(page.getByRole('heading', { name: 'This link does not work' })).toBeVisible();
	if (script) await expectAccessible(page);
	await page.getByRole('link', { name: 'Send a New Link' }).click();
	await expect(page.getByRole('button', { name: 'Send Reset Link' })).toBeVisible();
	await signIn(page, 'acme-corp', { 'Email Address': 'support@acme-corp.test' }, fresh);
});

// Proves: W7, W8, 4.4
walk('An invitation makes an account with the role the inviter chose', async ({ page, house, script }) => {
	const said = await house.cli('user', 'create', '--tenant', 'acme-corp', '--email', 'bob@acme-corp.test', '--name', 'Bob', '--role', 'user',
		'--print-link', '--public-url', house.origin);
	await page.goto(said.split('\n').at(-1)!);
	expect(page.url()).not.toContain('token');
	await expect(page.getByText('bob@acme-corp.test')).toBeVisible();
	if (script) await expectAccessible(page);
	await expectNothingBeside(page);
	await fillIn(page, { 'Your Name': 'Bob Baker', 'New Password': fresh, 'Confirm New Password': fresh });
	await press(page, 'Accept Invitation');
	await expect(page.getByText('Your account is ready.')).toBeVisible();
	await expect(page.getByLabel('Tenant Slug', { exact: true })).toHaveValue('acme-corp');
	await fillIn(page, { 'Email Address': 'bob@acme-corp.test', Password: fresh });
	await press(page, 'Sign In');
	await page.waitForURL('**/home');
	await expect(page.locator('main')).toContainText('Bob Baker');
});
