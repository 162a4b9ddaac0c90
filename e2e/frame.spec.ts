import { expect, expectNothingBeside, people, press, signIn, test, walk } from './test.ts';
import type { Page } from '@playwright/test';

const isPhone = (page: Page) => page.viewportSize()!.width < 600;
const person = (page: Page) => page.locator('header summary', { hasText: 'your menu' });
const burger = (page: Page) => page.locator('header summary', { hasText: /^\s*Menu\s*$/ });

// openMenu opens the person's menu, which a phone has behind its menu button.
async function openMenu(page: Page) {
	const summary = isPhone(page) ? burger(page) : person(page);
	await expect(summary).toBeVisible();
	await summary.click();
}

// Proves: W12, 3.2
walk('The avatar opens a menu with Logout', async ({ page }) => {
	await signIn(page, 'acme-corp');
	if (isPhone(page)) return expect(page.getByRole('banner')).toBeVisible();
	const box = (await person(page).boundingBox())!;
	expect(box.x + box.width, 'it stands in the right half').toBeGreaterThan(page.viewportSize()!.width / 2);
	expect(box.y, 'and at the top').toBeLessThan(80);
	await expect(page.getByRole('button', { name: 'Logout', exact: true })).toBeHidden();
	await person(page).click();
	await press(page, 'Logout');
	await expect(page).toHaveURL(/\/t\/acme-corp\/login$/);
});

// Proves: P10, 3.2
walk('Signing out is an icon on the desk and a word in the phone’s menu', async ({ page }) => {
	await signIn(page, 'wickedsprockets');
	const signOut = page.getByRole('button', { name: 'Sign Out', exact: true }).filter({ visible: true });
	if (isPhone(page)) {
		await expect(signOut).toHaveCount(0);
		await burger(page).click();
		await expect(signOut).toHaveText('Sign Out');
	} else {
		const right = (box: { x: number; width: number } | null) => box!.x + box!.width;
		const box = await signOut.boundingBox();
		expect(box!.y).toBeLessThan(80);
		expect(right(box), 'in the corner: beside it stands nothing').toBeGreaterThan(page.viewportSize()!.width * 0.85);
		expect(right(box)).toBeGreaterThanOrEqual(right(await person(page).boundingBox()));
	}
	await signOut.click();
	await expect(page).toHaveURL(/\/t\/wickedsprockets\/login$/);
});

// Proves: Q4, 3.2
walk('The arrow right of the name opens a menu with Profile Settings', async ({ page }) => {
	await signIn(page, 'kontak');
	if (!isPhone(page)) {
		const name = (await person(page).getByText('Tom Team').boundingBox())!;
		const arrow = (await person(page).locator('svg').last().boundingBox())!;
		expect(arrow.x).toBeGreaterThanOrEqual(name.x + name.width);
	}
	await openMenu(page);
	await page.getByRole('link', { name: 'Profile Settings' }).filter({ visible: true }).click();
	await expect(page).toHaveURL(/\/settings$/);
});

// Proves: P9, 3.2
walk('In the extension style the menu says Settings', async ({ page }) => {
	await signIn(page, 'wickedsprockets');
	await openMenu(page);
	await page.getByRole('link', { name: 'Settings', exact: true }).filter({ visible: true }).last().click();
	await expect(page).toHaveURL(/\/settings$/);
});

// Proves: 3.2
walk('The landing page says who I am, where and since when', async ({ page, house }) => {
	await signIn(page, 'acme-corp');
	const main = page.getByRole('main');
	await expect(main).toContainText('Sue Support');
	await expect(main).toContainText('support@acme-corp.test');
	await expect(main).toContainText('Acme Corporation');
	await expect(main).toContainText('Signed in since');
	await expect(main).toContainText('127.0.0.1');
	await expectNothingBeside(page);
	await page.goto('/phone');
	await expect(main).toContainText('The phone is not set up');
	await page.goto('/no/such/page');
	await expect(main).toContainText('There is nothing here.');
	await expect(page.getByRole('banner')).toContainText('Acme Corporation');
	await page.context().clearCookies();
	await page.goto('/t/nobody-here/login');
	await expect(page.getByRole('main')).toContainText('There is no organization at this address.');
	await house.cli('tenant', 'suspend', 'acme-corp');
	await page.goto('/t/acme-corp/login');
	await expect(page.getByRole('main')).toBeVisible();
});

// Proves: W1, W12, P10, P11, 3.2
test.describe('By keyboard alone', () => {
	test('in, theme, menu, out', async ({ page }) => {
		const keys = page.keyboard;
		const focused = page.locator(':focus');
		// tabTo presses Tab until the named thing has the focus, which shows.
		const tabTo = async (name: string | RegExp) => {
			for (let i = 0; i < 30; i++) {
				const here = await focused.evaluateAll((all) => all.map((e) => ((e as HTMLInputElement).labels?.[0] ?? e).textContent!.trim()).join());
				if (typeof name === 'string' ? here === name : name.test(here)) {
					const outline = await focused.evaluate((e) => {
						const own = getComputedStyle(e);
						return own.outlineStyle !== 'none' || own.boxShadow !== 'none';
					});
					expect(outline, `the focus on ${name} shows`).toBe(true);
					return;
				}
				await keys.press('Tab');
			}
			throw new Error(`Tab never reached ${name}`);
		};

		await page.goto('/login');
		await expect(focused, 'the first field waits').toHaveAttribute('name', 'tenant');
		await keys.type('acme-corp');
		await tabTo('Email Address');
		await keys.type(people['acme-corp']['Email Address']);
		await tabTo('Password');
		await keys.type('sunny harbour 42');
		await keys.press('Enter');
		await expect(page).toHaveURL(/\/home$/);

		await tabTo(/^Skip to content/);
		await tabTo(/^Theme: system/);
		await keys.press('Enter');
		await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
		await tabTo(/your menu$/);
		await keys.press('Enter');
		await expect(page.getByRole('button', { name: 'Logout', exact: true })).toBeVisible();
		await keys.press('Escape');
		await expect(page.getByRole('button', { name: 'Logout', exact: true })).toBeHidden();
		await tabTo(/your menu$/);
		await keys.press('Space');
		await tabTo('Logout');
		await keys.press('Enter');
		await expect(page).toHaveURL(/\/t\/acme-corp\/login$/);
	});
});
