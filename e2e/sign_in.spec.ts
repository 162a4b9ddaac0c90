import { expect, expectRefused, fillIn, password, press, signIn, test, walk } from './test.ts';

const another = 'rainy mountain 17';

// Proves: W1, 3.1
walk('The workspace style asks slug, address and password', async ({ page }) => {
	await page.goto('/');
	await expect(page).toHaveURL(/\/login$/);
	await fillIn(page, { 'Tenant Slug': 'acme-corp', 'Email Address': 'support@acme-corp.test', Password: 'wrong' });
	await press(page, 'Sign In');

	await expectRefused(page);
	await expect(page.getByLabel('Tenant Slug')).toHaveValue('acme-corp');
	await expect(page.getByLabel('Email Address')).toHaveValue('support@acme-corp.test');
	await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');

	await fillIn(page, { Password: password });
	await press(page, 'Sign In');
	await expect(page).toHaveURL(/\/home$/);
	await expect(page.getByRole('main')).toContainText('Sue Support');
	await page.goto('/');
	await expect(page).toHaveURL(/\/home$/);
});

// Proves: W2, 3.1
walk('One address in two tenants is two accounts', async ({ page, house }) => {
	await house.cli('tenant', 'create', 'globex', '--name', 'Globex');
	await house.tell(another, 'user', 'create', '--tenant', 'globex', '--email', 'support@acme-corp.test', '--name', 'Sue Twice', '--role', 'user', '--password-stdin', '--no-must-change');
	const signInWith = async (slug: string, secret: string) => {
		await page.goto('/login');
		await fillIn(page, { 'Tenant Slug': slug, 'Email Address': 'support@acme-corp.test', Password: secret });
		await press(page, 'Sign In');
	};

	await signInWith('acme-corp', another);
	await expectRefused(page);
	await signInWith('globex', another);
	await expect(page.getByRole('main')).toContainText('Sue Twice');
	await signInWith('acme-corp', password);
	await expect(page.getByRole('main')).toContainText('Sue Support');

	// What happens to one does nothing to the other.
	await house.cli('user', 'deactivate', '--tenant', 'acme-corp', 'support@acme-corp.test');
	await signInWith('acme-corp', password);
	await expectRefused(page);
	await signInWith('globex', another);
	await expect(page.getByRole('main')).toContainText('Sue Twice');
});

// Proves: P1, 3.1
walk('An initial password opens the account and is changed first', async ({ page, house }) => {
	await house.tell(another, 'user', 'create', '--tenant', 'wickedsprockets', '--extension', '210', '--name', 'Nell New', '--role', 'user', '--password-stdin');
	await page.goto('/t/wickedsprockets/login');
	await fillIn(page, { Username: '210', Password: another });
	await press(page, 'Sign In');

	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Choose your password');
	await fillIn(page, { 'New Password': 'quiet lantern 88', 'Confirm New Password': 'quiet lantern 89' });
	await press(page, 'Change Password');
	await expect(page.getByRole('alert')).toContainText('The two new passwords are not the same.');
	await fillIn(page, { 'New Password': 'quiet lantern 88', 'Confirm New Password': 'quiet lantern 88' });
	await press(page, 'Change Password');
	await expect(page).toHaveURL(/\/phone$/);

	await page.context().clearCookies();
	await signIn(page, 'wickedsprockets', { Username: '210' }, 'quiet lantern 88');
	await expect(page).toHaveURL(/\/phone$/);

	// The tenant decides whether it must be changed.
	await page.context().clearCookies();
	await house.tell(another, 'user', 'create', '--tenant', 'wickedsprockets', '--extension', '211', '--name', 'Ned', '--role', 'user', '--password-stdin', '--no-must-change');
	await signIn(page, 'wickedsprockets', { Username: '211' }, another);
	await expect(page).toHaveURL(/\/phone$/);
});

// Proves: P2, 3.1
walk('A username is extension, hyphen, tenant code', async ({ page, house }) => {
	await house.cli('tenant', 'create', 'wicked-two-x', '--name', 'Wicked Two', '--style', 'extension');
	await house.tell(another, 'user', 'create', '--tenant', 'wicked-two-x', '--extension', '201', '--name', 'Other', '--role', 'user', '--password-stdin', '--no-must-change');
	for (const { at, username, secret, opens } of [
		{ at: '/login?style=extension', username: '201-wickedsprockets', secret: password, opens: true },
		{ at: '/login?style=extension', username: '  201-WickedSprockets ', secret: password, opens: true },
		{ at: '/login?style=extension', username: '201-wicked-two-x', secret: another, opens: true },
		{ at: '/login?style=extension', username: '201-wicked-two-x', secret: password, opens: false },
		{ at: '/t/wickedsprockets/login', username: '201', secret: password, opens: true },
		{ at: '/t/wickedsprockets/login', username: '201-wickedsprockets', secret: password, opens: true },
		{ at: '/t/wickedsprockets/login', username: '201-wicked-two-x', secret: another, opens: false },
	]) {
		await test.step(`${username} at ${at}`, async () => {
			await page.context().clearCookies();
			await page.goto(at);
			await fillIn(page, { Username: username, Password: secret });
			await press(page, 'Sign In');
			if (opens) await expect(page).toHaveURL(/\/phone$/);
			else await expectRefused(page);
		});
	}
});

// Proves: Q1, 3.1
walk('In the e-mail style address and password are enough', async ({ page, house }) => {
	await page.goto('/login?style=email');
	await expect(page.getByLabel('Tenant Slug')).toHaveCount(0);
	await fillIn(page, { 'Email Address': 'team@kontak.test', Password: password });
	await press(page, 'Sign In');
	await expect(page).toHaveURL(/\/home$/);

	// Whose address and password are right for two tenants chooses.
	await page.context().clearCookies();
	await house.cli('tenant', 'create', 'kontor', '--name', 'Kontor', '--style', 'email');
	await house.tell(password, 'user', 'create', '--tenant', 'kontor', '--email', 'team@kontak.test', '--name', 'Tom Again', '--role', 'user', '--password-stdin', '--no-must-change');
	await page.goto('/login?style=email');
	await fillIn(page, { 'Email Address': 'team@kontak.test', Password: password });
	await press(page, 'Sign In');
	await expect(page.getByRole('heading', { level: 1 })).toHaveText('Choose an organization');
	await page.getByRole('button', { name: 'Kontor' }).click();
	await expect(page).toHaveURL(/\/home$/);
	await expect(page.getByRole('main')).toContainText('Tom Again');
});

// Proves: Q3, 3.1
walk(
	'Who has forgotten the user name reads whom to ask',
	async ({ page, house }) => {
		await house.cli('tenant', 'set', 'kontak', 'support-contact=help@kontak.test');
		await page.goto('/login?style=email');
		await expect(page.locator('body')).toContainText(/administrator.*desk@operator\.test/);
		await page.goto('/t/kontak/login');
		await expect(page.locator('body')).toContainText(/administrator.*help@kontak\.test/);
		await expect(page.locator('body')).not.toContainText('desk@operator.test');
	},
	['--support-contact', 'desk@operator.test'],
);

// Proves: 3.1
test('A password can be looked at while it is typed', async ({ page }) => {
	await page.goto('/t/kontak/login');
	const field = page.getByLabel('Password', { exact: true });
	await expect(field).toHaveAttribute('autocomplete', 'current-password');
	await expect(page.getByLabel('Email Address')).toHaveAttribute('autocomplete', 'username');
	await fillIn(page, { 'Email Address': 'team@kontak.test', Password: password });
	await page.getByRole('button', { name: /^Show/ }).click();
	await expect(field).toHaveAttribute('type', 'text');
	await page.getByRole('button', { name: /^Hide/ }).click();
	await expect(field).toHaveAttribute('type', 'password');
	await press(page, 'Sign In');
	await expect(page).toHaveURL(/\/home$/);
});
