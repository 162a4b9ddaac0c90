// What every walk begins with: a house of its own, and words for what a person
// does again and again.
import { AxeBuilder } from '@axe-core/playwright';
import { type BrowserContext, type Page, test as base, expect } from '@playwright/test';
import { type Database, House, password, type Slug } from './house.ts';

export { expect, password };

export interface Options {
	database: Database; // the project's
	flags: string[]; // of `vestibule serve`, such as a short --idle-timeout
}

export const test = base.extend<Options & { house: House }>({
	database: ['sqlite', { option: true }],
	flags: [[], { option: true }],
	house: async ({ database, flags }, use, info) => {
		const house = await House.open(database, flags);
		await use(house);
		await house.close();
		if (info.status !== info.expectedStatus) await info.attach('server.log', { body: house.log });
	},
	baseURL: async ({ house }, use) => use(house.origin),
});

type Walk = (fixtures: { page: Page; house: House; script: boolean }) => Promise<void>;

const desk = { viewport: { width: 1280, height: 800 } };
const phone = { viewport: { width: 360, height: 740 } };
const scripted = { javaScriptEnabled: true };
const scriptless = { javaScriptEnabled: false };
const light = { colorScheme: 'light' } as const;
const dark = { colorScheme: 'dark' } as const;

// Each database sees desk and phone, light and dark, with and without
// JavaScript; the two together see more pairs of them.
const ways = [
	{ name: 'desk, light', tag: '@sqlite', use: { ...desk, ...light, ...scripted } },
	{ name: 'phone, dark, no JavaScript', tag: '@sqlite', use: { ...phone, ...dark, ...scriptless } },
	{ name: 'phone, dark', tag: '@postgres', use: { ...phone, ...dark, ...scripted } },
	{ name: 'desk, light, no JavaScript', tag: '@postgres', use: { ...desk, ...light, ...scriptless } },
];

// walk is a test walked in all these ways, under flags of the server if any.
export function walk(title: string, body: Walk, flags: string[] = []) {
	test.describe(title, () => {
		for (const way of ways) {
			test.describe(() => {
				test.use({ ...way.use, flags });
				test(way.name, { tag: way.tag }, ({ page, house, javaScriptEnabled: script }) => body({ page, house, script }));
			});
		}
	});
}

// People, by the tenant they belong to: what they write on its sign-in page.
export const people = {
	'acme-corp': { 'Email Address': 'support@acme-corp.test' },
	wickedsprockets: { Username: '201-wickedsprockets' },
	kontak: { 'Email Address': 'team@kontak.test' },
} as const;

// signIn signs in on the tenant's own page and waits for the landing page.
export async function signIn(page: Page, slug: Slug, fields: Record<string, string> = people[slug], secret = password) {
	await page.goto(`/t/${slug}/login`);
	await fillIn(page, { ...fields, Password: secret });
	await press(page, 'Sign In');
	await page.waitForURL((url) => !url.pathname.endsWith('/login'));
}

// press presses the button with exactly these words.
export async function press(page: Page, name: string) {
	await page.getByRole('button', { name, exact: true }).click();
}

// expectRefused expects the page to say a sentence as a screen reader announces
// it, and to tie it to the password's field.
export async function expectRefused(page: Page, sentence: string | RegExp = 'The sign-in details are not right.') {
	await expect(page.getByRole('alert')).toContainText(sentence);
	await expect(page.getByLabel('Password', { exact: true })).toHaveAccessibleDescription(sentence);
}

// fillIn writes into fields by their labels.
export async function fillIn(page: Page, fields: Record<string, string>) {
	for (const [label, value] of Object.entries(fields)) {
		await page.getByLabel(label, { exact: true }).fill(value);
	}
}

// expectAccessible fails with what axe finds on the page as it is now.
export async function expectAccessible(page: Page) {
	const found = await new AxeBuilder({ page }).analyze();
	const told = found.violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.html).join('\n  ')}`);
	expect(told, `axe on ${page.url()}`).toEqual([]);
}

// expectNothingBeside expects the page not to be wider than the screen.
export async function expectNothingBeside(page: Page) {
	const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
	expect(content, 'the page is as wide as the screen').toBeLessThanOrEqual(screen);
}

// cookie is the value of a cookie the browser has, "" if it has none.
export async function cookie(context: BrowserContext, name: string): Promise<string> {
	return (await context.cookies()).find((c) => c.name === name)?.value ?? '';
}

// ask asks the house past the browser, as a program with these headers would.
export function ask(house: House, address: string, headers: Record<string, string>): Promise<Response> {
	return fetch(house.origin + address, { headers, redirect: 'manual' });
}

// untilOver waits for the end of the browser's session; asking moves nothing.
export async function untilOver(house: House, context: BrowserContext) {
	const session = await cookie(context, '__Host-session');
	const signedIn = async () => (await (await ask(house, '/session/state', { Cookie: `__Host-session=${session}` })).json()).signed_in;
	await expect.poll(signedIn, { timeout: 30_000 }).toBe(false);
}
