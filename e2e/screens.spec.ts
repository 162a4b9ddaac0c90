// Every page as it is looked at: on a desk and on a phone, in light and in
// dark. axe finds nothing on any, none is wider than the screen, and a picture
// of each is kept in screenshots/.
import path from 'node:path';
import type { Page } from '@playwright/test';
import type { House } from './house.ts';
import { expect, expectAccessible, expectNothingBeside, fillIn, password, people, press, signIn, test } from './test.ts';

type Screen = (page: Page, house: House) => Promise<void>;

const waits = async (page: Page) => {
	await page.goto('/t/wickedsprockets/login');
	for (let i = 0; i < 6; i++) {
		await fillIn(page, { Username: '200', Password: 'wrong' });
		await press(page, 'Sign In');
	}
	await expect(page.getByText('too many attempts')).toBeVisible();
};

const initialPassword = async (page: Page) => {
	await page.goto('/t/wickedsprockets/login');
	await fillIn(page, { Username: '202', Password: password });
	await press(page, 'Sign In');
	await expect(page.getByRole('heading', { name: 'Choose your password' })).toBeVisible();
};

// warn shows a warning as it comes shortly before the end.
const warn = async (page: Page, dialog: string) => {
	await page.evaluate((selector) => {
		const it = document.querySelector<HTMLDialogElement>(selector)!;
		const left = it.querySelector('[role=timer]')!;
		new MutationObserver(() => left.textContent === '1:58' || (left.textContent = '1:58')).observe(left, { childList: true });
		left.textContent = '1:58';
		it.showModal();
	}, dialog);
};

// What strangers see.
const outside: Record<string, Screen> = {
	'sign-in': (page) => page.goto('/login').then(() => {}),
	'sign-in-workspace': (page) => page.goto('/t/acme-corp/login').then(() => {}),
	'sign-in-extension': (page) => page.goto('/t/wickedsprockets/login').then(() => {}),
	'sign-in-email': (page) => page.goto('/t/kontak/login').then(() => {}),
	'sign-in-accent': async (page, house) => {
		await house.cli('tenant', 'set', 'kontak', 'accent=#ffe14d', 'support-contact=help@kontak.test');
		await page.goto('/t/kontak/login');
	},
	'sign-in-refused': async (page) => {
		await page.goto('/login');
		await fillIn(page, { 'Tenant Slug': 'acme-corp', ...people['acme-corp'], Password: 'wrong' });
		await press(page, 'Sign In');
		await expect(page.getByRole('alert')).toBeVisible();
	},
	'sign-in-waiting': waits,
	choice: async (page, house) => {
		await house.cli('tenant', 'create', 'kontor', '--name', 'Kontor', '--style', 'email');
		await house.tell(password, 'user', 'create', '--tenant', 'kontor', '--email', 'team@kontak.test', '--name', 'Tom', '--role', 'user', '--password-stdin', '--no-must-change');
		await page.goto('/login?style=email');
		await fillIn(page, { ...people.kontak, Password: password });
		await press(page, 'Sign In');
		await expect(page.getByRole('heading', { name: 'Choose an organization' })).toBeVisible();
	},
	'initial-password': initialPassword,
	'initial-password-refused': async (page) => {
		await initialPassword(page);
		await fillIn(page, { 'New Password': 'short', 'Confirm New Password': 'short' });
		await press(page, 'Change Password');
		await expect(page.getByRole('alert')).toBeVisible();
	},
	'not-found': (page) => page.goto('/no/such/page').then(() => {}),
	'no-organization': (page) => page.goto('/t/nobody-here/login').then(() => {}),
};

// What a person sees who is signed in to the tenant named first.
const inside: Record<string, Record<string, Screen>> = {
	'acme-corp': {
		home: (page) => page.goto('/home').then(() => {}),
		menu: async (page) => {
			await page.goto('/home');
			await page.locator('header summary').filter({ visible: true }).click();
			await expect(page.locator('details[open]')).toBeVisible();
		},
		'sign-out': (page) => page.goto('/logout').then(() => {}),
		'not-found-inside': (page) => page.goto('/no/such/page').then(() => {}),
		'sign-in-already': (page) => page.goto('/t/acme-corp/login').then(() => {}),
		settings: (page) => page.goto('/settings').then(() => {}),
		'settings-account': (page) => page.goto('/settings/account').then(() => {}),
		'settings-email': (page) => page.goto('/settings/email').then(() => {}),
		'idle-warning': async (page) => {
			await page.goto('/home');
			await warn(page, '#idle-warning');
		},
		'end-warning': async (page) => {
			await page.goto('/home');
			await warn(page, '#end-warning');
		},
	},
	wickedsprockets: {
		phone: (page) => page.goto('/phone').then(() => {}),
		'settings-extension': (page) => page.goto('/settings').then(() => {}),
		'long-names': async (page, house) => {
			await house.cli('tenant', 'set', 'wickedsprockets', 'name=The Extraordinarily Wicked Sprockets and Sons Manufacturing Company');
			await house.cli('user', 'set', '--tenant', 'wickedsprockets', '201', '--name', 'Maximiliane Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh');
			await page.waitForTimeout(1100); // what a server remembers of a session is at most a second old
			await page.goto('/home');
			await expect(page.getByRole('main')).toContainText('Featherstonehaugh');
		},
	},
};

const looks = [
	{ database: 'sqlite', theme: 'light', width: 1280, height: 800 },
	{ database: 'sqlite', theme: 'dark', width: 360, height: 740 },
	{ database: 'postgres', theme: 'dark', width: 1280, height: 800 },
	{ database: 'postgres', theme: 'light', width: 360, height: 740 },
] as const;

// Proves: 3.4
test.describe('Every page', () => {
	for (const { database, theme, width, height } of looks) {
		test.describe(() => {
			test.use({ viewport: { width, height }, colorScheme: theme, contextOptions: { reducedMotion: 'reduce' } });

			const look = async (page: Page, house: House, name: string, screen: Screen) => {
				await test.step(name, async () => {
					await screen(page, house);
					await expectNothingBeside(page);
					await expectAccessible(page);
					await page.screenshot({ path: path.join(import.meta.dirname, 'screenshots', `${name}-${theme}-${width}.png`), fullPage: !name.endsWith('warning') });
				});
			};

			test(`outside, ${theme}, ${width} px`, { tag: `@${database}` }, async ({ page, house }) => {
				test.setTimeout(150_000);
				for (const [name, screen] of Object.entries(outside)) await look(page, house, name, screen);
			});

			test(`inside, ${theme}, ${width} px`, { tag: `@${database}` }, async ({ page, house }) => {
				test.setTimeout(150_000);
				for (const [slug, screens] of Object.entries(inside)) {
					await page.context().clearCookies();
					await signIn(page, slug as keyof typeof people);
					for (const [name, screen] of Object.entries(screens)) await look(page, house, name, screen);
				}
			});
		});
	}
});
