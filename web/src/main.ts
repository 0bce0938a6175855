import { mount } from "svelte";
import App from "./App.svelte";
import "./design/base.css";
import "./design/tokens.css";

mount(App, { target: document.getElementById("app")! });
